package dev.antiphon.backplane.history;

/// What was said for one message, as a model is shown it.
///
/// @param answer the text that stands at the end, also of an answer that was cancelled or failed; may be empty
public record Said(String text, String answer) {}
