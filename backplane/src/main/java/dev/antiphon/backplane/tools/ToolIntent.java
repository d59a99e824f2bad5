package dev.antiphon.backplane.tools;

import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

/// One try at one tool call.
///
/// @param token the claim's
/// @param step which call of the message it is: the same in every attempt at the message
/// @param digest of the tool's name and the arguments
/// @param nonce of this try alone: two calls with the same nonce are the same try
public record ToolIntent(
        SessionId session,
        MessageId message,
        Token token,
        String step,
        String digest,
        String nonce) {

    private static final int MAX_STEP = 200;

    public ToolIntent {
        if (step.isEmpty() || step.length() > MAX_STEP) {
            throw new IllegalArgumentException(
                    "a step must have 1 to " + MAX_STEP + " characters, but is '" + step + "'");
        }
        if (!digest.matches("[0-9a-f]+") || !nonce.matches("[A-Za-z0-9_-]+")) {
            throw new IllegalArgumentException("not a digest and a nonce: " + digest + " " + nonce);
        }
    }
}
