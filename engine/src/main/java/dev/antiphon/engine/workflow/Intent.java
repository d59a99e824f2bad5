package dev.antiphon.engine.workflow;

import java.util.Locale;
import java.util.Set;

/// What the user wants of the chat workflow: the decision that its first step writes and its route follows.
///
/// @param why for those who read the state
record Intent(Kind kind, String why) {

    enum Kind {
        /// An answer.
        CHAT,
        /// To know what can be done here.
        CAPABILITIES
    }

    private static final Set<String> QUESTIONS =
            Set.of("help", "/help", "what can you do", "which tools do you have");

    /// Decides by the words alone, so that it costs no model call.
    static Intent of(String message) {
        String words = message.strip().toLowerCase(Locale.ROOT).replaceAll("[?!.\\s]+$", "");
        return QUESTIONS.contains(words)
                ? new Intent(Kind.CAPABILITIES, "asks what can be done")
                : new Intent(Kind.CHAT, "anything else");
    }
}
