package dev.antiphon.tools;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;

/// Arguments and contexts for tests of tools.
final class Calls {

    static final ToolContext CONTEXT =
            new ToolContext(
                    new SessionId("s1"), new MessageId("m1"), new UserId("u1"), "m1:call_tools:1");

    private Calls() {}

    static ObjectNode json(String text) {
        return Json.readObject(text.getBytes(StandardCharsets.UTF_8));
    }

    /// A tool made by a test.
    record Made(String name, boolean idempotent, Body body) implements Tool {

        interface Body {
            String call(ObjectNode arguments) throws ToolFailure, InterruptedException;
        }

        @Override
        public String description() {
            return "does " + name;
        }

        @Override
        public ObjectNode parameters() {
            return json(
                    """
                    {"type":"object","properties":{"n":{"type":"integer","minimum":0}},
                     "additionalProperties":false}\
                    """);
        }

        @Override
        public String call(ObjectNode arguments, ToolContext context)
                throws ToolFailure, InterruptedException {
            return body.call(arguments);
        }
    }
}
