package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Ids;

/// The fence of one claim. Random, so that two claims never share one; Redis holds the only valid token of a run.
public record Token(String value) {

    public Token {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a released run has the empty token");
        }
    }

    public static Token mint() {
        return new Token(Ids.mint("t"));
    }
}
