package dev.antiphon.engine.workflow;

import java.util.Locale;
import java.util.Set;

/// What the user wants from the chat workflow: its first step writes this decision, and its route follows it.
///
/// @param why for people who read the state
record Intent(Kind kind, String why) {

    enum Kind {
        /// The user wants an answer.
        CHAT,
        /// The user wants to know what the assistant can do.
        CAPABILITIES
    }

    private static final Set<String> QUESTIONS =
            Set.of("help", "/help", "what can you do", "which tools do you have");

    /// Decides by the words alone, which needs no model call.
    static Intent of(String message) {
        String words = message.strip().toLowerCase(Locale.ROOT).replaceAll("[?!.\\s]+$", "");
        return QUESTIONS.contains(words)
                ? new Intent(Kind.CAPABILITIES, "asks what can be done")
                : new Intent(Kind.CHAT, "anything else");
    }
}
