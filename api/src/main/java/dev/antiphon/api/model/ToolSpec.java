package dev.antiphon.api.model;

import tools.jackson.databind.node.ObjectNode;

/// A tool that a model may ask for.
///
/// @param name of letters, digits, `_` and `-`, 1 to 64 characters: what every service takes
/// @param description for the model: what the tool does and when it helps
/// @param parameters a JSON schema of type `object`; treat as read-only
public record ToolSpec(String name, String description, ObjectNode parameters) {

    public ToolSpec {
        if (!name.matches("[A-Za-z0-9_-]{1,64}")) {
            throw new IllegalArgumentException("no model takes a tool of the name '" + name + "'");
        }
    }
}
