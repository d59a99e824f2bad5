package dev.antiphon.chaos.history;

/// A message of a session; message ids are unique within their session only.
public record MessageRef(String session, String message) {}
