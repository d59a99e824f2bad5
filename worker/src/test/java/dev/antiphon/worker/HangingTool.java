package dev.antiphon.worker;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.protocol.Json;
import dev.antiphon.worker.extension.Jar;

import tools.jackson.databind.node.ObjectNode;

/// A tool that records its calls, and hangs when its arguments say so. An extension's class extends it.
public class HangingTool implements Tool {

    private final String name;
    private final boolean idempotent;

    protected HangingTool(String name, boolean idempotent) {
        this.name = name;
        this.idempotent = idempotent;
    }

    /// Adds the tools `fire`, which must not be called twice, and `look`, which may.
    static Jar into(Jar jar) {
        return jar.source("Fire", source("Fire", "\"fire\", false"))
                .source("Look", source("Look", "\"look\", true"))
                .service(Tool.class, "Fire")
                .service(Tool.class, "Look");
    }

    private static String source(String type, String arguments) {
        return "public class %s extends %s { public %s() { super(%s); } }"
                .formatted(type, HangingTool.class.getName(), type, arguments);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return "for a test";
    }

    @Override
    public ObjectNode parameters() {
        ObjectNode schema = Json.object().put("type", "object");
        schema.putObject("properties").putObject("hang").put("type", "boolean");
        return schema;
    }

    @Override
    public boolean idempotent() {
        return idempotent;
    }

    @Override
    public String call(ObjectNode arguments, ToolContext context) throws InterruptedException {
        String session = context.session().value();
        Ledger.note(session, name + " " + context.key());
        if (arguments.path("hang").booleanValue(false)) {
            Ledger.hang(session);
        }
        return name + " worked";
    }
}
