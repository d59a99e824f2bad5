package dev.antiphon.worker.provider;

import dev.antiphon.protocol.Completion;

/// How a streamed answer ended.
///
/// @param lastPiece text that becomes the final chunk; empty when all text went into the sink
public record ModelAnswer(String lastPiece, Completion completion) {}
