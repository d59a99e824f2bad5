package dev.antiphon.backplane.history;

/// The question and the answer of one message, in the form for a model.
///
/// @param answer the final text, even of an answer that was cancelled or failed; can be empty
public record Said(String text, String answer) {}
