package dev.antiphon.providers;

import java.util.Locale;

/// How a Chat Completions request limits its answer: servers know one name or the other.
public enum ChatTokenLimit {
    MAX_TOKENS,
    MAX_COMPLETION_TOKENS;

    /// The name in the request.
    public String field() {
        return name().toLowerCase(Locale.ROOT);
    }

    ChatTokenLimit other() {
        return this == MAX_TOKENS ? MAX_COMPLETION_TOKENS : MAX_TOKENS;
    }
}
