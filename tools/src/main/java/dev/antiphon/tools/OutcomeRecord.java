package dev.antiphon.tools;

import dev.antiphon.protocol.Json;

import tools.jackson.databind.node.ObjectNode;

/// An outcome as the journal stores it: `{"outcome","text"}`.
final class OutcomeRecord {

    private OutcomeRecord() {}

    static byte[] encode(ToolOutcome.Reported reported) {
        String outcome =
                switch (reported) {
                    case ToolOutcome.Result _ -> "result";
                    case ToolOutcome.Failed _ -> "failed";
                    case ToolOutcome.Refused _ -> "refused";
                    case ToolOutcome.Unknown _ -> "unknown";
                };
        return Json.bytes(Json.object().put("outcome", outcome).put("text", reported.text()));
    }

    static ToolOutcome.Reported decode(byte[] json) {
        ObjectNode kept = Json.readObject(json);
        String text = kept.path("text").stringValue("");
        String outcome = Json.text(kept, "outcome");
        return switch (outcome) {
            case "result" -> new ToolOutcome.Result(text);
            case "failed" -> new ToolOutcome.Failed(text);
            case "refused" -> new ToolOutcome.Refused(text);
            case "unknown" -> new ToolOutcome.Unknown(text);
            default -> throw new IllegalStateException("the journal has the outcome " + outcome);
        };
    }
}
