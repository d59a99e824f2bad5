package dev.antiphon.backplane.catalog;

import tools.jackson.databind.node.ObjectNode;

import java.util.Locale;

/// One thing that some worker can do.
///
/// @param name tells it from others of its kind; two workers that offer the same name offer the same thing
/// @param details what clients are shown; treat as read-only
public record Offer(Kind kind, String name, ObjectNode details) {

    /// What requests may name.
    public enum Kind {
        /// A provider's model: `provider`, `model` (null for whatever the provider takes), `default`.
        MODEL,
        /// A workflow: `name`, `description`, `nodes`, `edges`, `default`.
        WORKFLOW;

        /// As it stands in Redis.
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
