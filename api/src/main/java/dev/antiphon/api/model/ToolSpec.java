package dev.antiphon.api.model;

import tools.jackson.databind.node.ObjectNode;

/// A tool that a model can call.
///
/// @param name letters, digits, `_` and `-`, 1 to 64 characters: every service accepts those
/// @param description for the model: what the tool does, and when to use it
/// @param parameters a JSON schema of type `object`; must not be changed
public record ToolSpec(String name, String description, ObjectNode parameters) {

    public ToolSpec {
        if (!name.matches("[A-Za-z0-9_-]{1,64}")) {
            throw new IllegalArgumentException(
                    "no service accepts a tool with the name '" + name + "'");
        }
    }
}
