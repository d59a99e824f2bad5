package example;

import dev.antiphon.protocol.Json;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

/// Rolls a die, which a model can only pretend to do. META-INF/services names this class.
public final class RollDice implements Tool {

    @Override
    public String name() {
        return "roll_dice";
    }

    @Override
    public String description() {
        return "Rolls one die.";
    }

    @Override
    public ObjectNode parameters() {
        String schema =
                """
                {"type": "object",
                 "properties": {"sides": {"type": "integer", "minimum": 2, "maximum": 1000}},
                 "required": ["sides"]}""";
        return Json.readObject(schema.getBytes(StandardCharsets.UTF_8));
    }

    /// A second roll does no harm.
    @Override
    public boolean idempotent() {
        return true;
    }

    @Override
    public String call(ObjectNode arguments, ToolContext context) {
        int sides = arguments.get("sides").intValue();
        return "It shows " + ThreadLocalRandom.current().nextInt(1, sides + 1) + ".";
    }
}
