package dev.antiphon.worker.run;

import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.worker.provider.ModelCall.Kept;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What earlier attempts have streamed and what of it still stands.
///
/// @param text the answer's
/// @param kept the last model call of it, when its service goes on without us
/// @param textOfKept what of `text` that call brought
record Streamed(String text, @Nullable Kept kept, String textOfKept) {

    /// The `metadata.status` of the chunk that tells where a service keeps an answer.
    static final String KEPT = "kept";

    /// Reads a run's chunks from 0 on.
    ///
    /// @param toolsAreTheirs whether the service runs its tools itself, so that its answer goes on after their results
    static Streamed of(List<byte[]> chunks, boolean toolsAreTheirs) {
        AnswerText text = new AnswerText();
        String handle = null;
        int textAtHandle = 0;
        StringBuilder reasoning = new StringBuilder();
        Map<String, String> toolCalls = new HashMap<>();
        Set<String> toolResults = new HashSet<>();
        for (byte[] chunk : chunks) {
            ChunkBody body = Chunk.decode(chunk).body();
            text.add(body);
            switch (body) {
                case ChunkBody.Status(String status, var details) when status.equals(KEPT) -> {
                    handle = details.path("handle").stringValue("");
                    textAtHandle = text.toString().length();
                    reasoning.setLength(0);
                    toolCalls.clear();
                    toolResults.clear();
                }
                case ChunkBody.Reasoning(String piece) -> reasoning.append(piece);
                case ChunkBody.ToolCall(String id, _, String arguments) ->
                        toolCalls.merge(id, arguments, String::concat);
                case ChunkBody.ToolResult(String id, _, _) when toolsAreTheirs ->
                        toolResults.add(id);
                case ChunkBody.Reset _, ChunkBody.ToolResult _ -> handle = null;
                case ChunkBody.Content _, ChunkBody.Status _, ChunkBody.Failure _ -> {}
            }
        }
        String all = text.toString();
        return handle == null
                ? new Streamed(all, null, "")
                : new Streamed(
                        all,
                        new Kept(handle, reasoning.toString(), toolCalls, toolResults),
                        all.substring(textAtHandle));
    }
}
