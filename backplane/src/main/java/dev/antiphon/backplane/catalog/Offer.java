package dev.antiphon.backplane.catalog;

import tools.jackson.databind.node.ObjectNode;

import java.util.Locale;

/// One thing that some worker can do.
///
/// @param name unique within its kind; two workers that offer the same name offer the same thing
/// @param details shown to clients; treat as read-only
public record Offer(Kind kind, String name, ObjectNode details) {

    /// The kinds of things that requests can name.
    public enum Kind {
        /// A provider's model: `provider`, `model` (null for the provider's own choice), `default`.
        MODEL,
        /// A workflow: `name`, `description`, `nodes`, `edges`, `default`.
        WORKFLOW;

        /// The form in Redis.
        String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Offer {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an offer needs a name");
        }
    }
}
