package dev.antiphon.tools;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;

/// Computes exactly, which models cannot do.
public final class Calculator implements Tool {

    private static final ObjectNode PARAMETERS =
            Json.readObject(
                    """
                    {"type":"object",
                     "properties":{
                       "expression":{"type":"string","minLength":1,"maxLength":500,
                                     "description":"For example (1.5 + 2) * 3 ^ 2 / 7"}},
                     "required":["expression"],
                     "additionalProperties":false}\
                    """
                            .getBytes(StandardCharsets.UTF_8));

    @Override
    public String name() {
        return "calculator";
    }

    @Override
    public String description() {
        return "Computes an arithmetic expression exactly: + - * / % (remainder) ^ (power), brackets,"
                + " decimal numbers such as 1.5 or 2e-3. A result that has no end is rounded and marked"
                + " with ≈.";
    }

    @Override
    public ObjectNode parameters() {
        return PARAMETERS;
    }

    @Override
    public boolean idempotent() {
        return true;
    }

    @Override
    public String call(ObjectNode arguments, ToolContext context) throws ToolFailure {
        return new Expression(arguments.path("expression").stringValue("")).value().text();
    }
}
