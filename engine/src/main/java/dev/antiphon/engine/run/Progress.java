package dev.antiphon.engine.run;

import dev.antiphon.engine.workflow.Checkpoint;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// The position of an answer when a step finishes.
///
/// @param chunk the chunk id of the next text
/// @param lastPiece written already, but held back for the final chunk
/// @param completion of the model calls so far; null when there was none
record Progress(int chunk, String lastPiece, @Nullable Completion completion) {

    static final Progress NONE = new Progress(0, "", null);

    /// The content of the run's record.
    String with(Checkpoint checkpoint) {
        ObjectNode json = checkpoint.toJson();
        json.put("chunk", chunk);
        if (!lastPiece.isEmpty()) {
            json.put("last_piece", lastPiece);
        }
        Completion measured = completion;
        if (measured != null) {
            json.put("model", measured.model());
            json.put("tokens", measured.tokensUsed());
            json.put("finish_reason", measured.finishReason().wire());
            if (measured.stopReason() != null) {
                json.put("stop_reason", measured.stopReason());
            }
        }
        return new String(Json.bytes(json), StandardCharsets.UTF_8);
    }

    /// Reads what {@link #with} wrote next to the checkpoint.
    static Progress of(JsonNode json) {
        Completion measured =
                json.has("model")
                        ? new Completion(
                                json.path("model").stringValue(""),
                                json.path("tokens").isNull()
                                        ? null
                                        : json.path("tokens").intValue(0),
                                FinishReason.valueOf(
                                        json.path("finish_reason")
                                                .stringValue("stop")
                                                .toUpperCase(Locale.ROOT)),
                                json.path("stop_reason").stringValue(null))
                        : null;
        return new Progress(
                json.path("chunk").intValue(0), json.path("last_piece").stringValue(""), measured);
    }
}
