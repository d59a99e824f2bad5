package dev.antiphon.engine.run;

import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What earlier attempts have streamed and what of it is still valid.
///
/// @param from the first unfinished chunk: earlier chunks are final
/// @param isMoreThanText whether there is anything besides text, notes about the run and results of our own tools
/// @param results the ids of the tool calls whose results are included
/// @param text the text of the answer
/// @param kept the last model call of it, if its service continues without us
/// @param textOfKept the part of `text` from that call
/// @param tokens of the service's text before it asked its user
record Streamed(
        int from,
        boolean isMoreThanText,
        Set<String> results,
        String text,
        @Nullable Kept kept,
        String textOfKept,
        int tokens) {

    /// The `metadata.status` of the chunk that records where a service keeps an answer.
    static final String KEPT = "kept";

    /// The metadata field with that place.
    static final String HANDLE = "handle";

    /// False in the metadata when the call cannot be recognized: one of several of a step, or of parallel steps.
    static final String AGAIN = "again";

    /// Whether there is anything that the next attempt has to repeat or withdraw.
    boolean isAnything() {
        return isMoreThanText || !text.isEmpty();
    }

    private static boolean isKeptForUs(String status, ObjectNode details) {
        return status.equals(KEPT) && details.path(AGAIN).booleanValue(true);
    }

    /// Reads a run's chunks.
    ///
    /// @param chunks from 0 on
    /// @param finished the number of chunks that belong to finished steps
    /// @param toolsAreTheirs whether the service runs its own tools, so that its answer continues after their results
    static Streamed of(List<byte[]> chunks, int finished, boolean toolsAreTheirs) {
        AnswerText text = new AnswerText();
        String handle = null;
        int textAtHandle = 0;
        StringBuilder reasoning = new StringBuilder();
        Map<String, String> toolCalls = new HashMap<>();
        Set<String> toolResults = new HashSet<>();
        boolean isMoreThanText = false;
        Set<String> results = new HashSet<>();
        int from = finished;
        int before = 0;
        int tokens = 0;
        for (int i = 0; i < chunks.size(); i++) {
            ChunkBody body = Chunk.decode(chunks.get(i)).body();
            text.add(body);
            if (i < from) {
                before = text.toString().length();
                continue;
            }
            if (body instanceof ChunkBody.Status(_, var details) && ServiceQuestion.isIn(details)) {
                from = i + 1;
                tokens += ServiceQuestion.tokens(details);
                before = text.toString().length();
                isMoreThanText = false;
                handle = null;
                continue;
            }
            if (body instanceof ChunkBody.ToolResult(String id, _, _)) {
                results.add(id);
            }
            isMoreThanText |=
                    switch (body) {
                        case ChunkBody.Content _, ChunkBody.Status _ -> false;
                        case ChunkBody.ToolResult _ -> toolsAreTheirs;
                        case ChunkBody.Reasoning _,
                                ChunkBody.ToolCall _,
                                ChunkBody.Reset _,
                                ChunkBody.Failure _ ->
                                true;
                    };
            switch (body) {
                case ChunkBody.Status(String status, var details)
                        when isKeptForUs(status, details) -> {
                    handle = details.path(HANDLE).stringValue("");
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
                ? new Streamed(
                        from, isMoreThanText, results, all.substring(before), null, "", tokens)
                : new Streamed(
                        from,
                        isMoreThanText,
                        results,
                        all.substring(before),
                        new Kept(handle, reasoning.toString(), toolCalls, toolResults),
                        all.substring(textAtHandle),
                        tokens);
    }
}
