package dev.antiphon.backplane.log;

import org.jspecify.annotations.Nullable;

/// A user's answer to a run that waits for it.
///
/// @param question the id of the chunk with the question, so that a repeated answer cannot answer the next question;
///     null for the present question
public record UserAnswer(String text, @Nullable Integer question) {}
