package dev.antiphon.backplane.log;

import org.jspecify.annotations.Nullable;

/// What a user answers to a run that waits for it.
///
/// @param question the id of the chunk that asked, so that an answer sent twice cannot answer the next question; null for
///     whatever is asked now
public record UserAnswer(String text, @Nullable Integer question) {}
