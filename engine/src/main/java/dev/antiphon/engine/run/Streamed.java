package dev.antiphon.engine.run;

import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The part of the earlier attempts' chunks that is still valid.
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

    /// Reads a run's chunks.
    ///
    /// @param chunks from 0 on
    /// @param finished the number of chunks that belong to finished steps
    /// @param toolsAreTheirs whether the service runs its own tools, so that its answer continues after their results
    static Streamed of(List<byte[]> chunks, int finished, boolean toolsAreTheirs) {
        Reader reader = new Reader(finished, toolsAreTheirs);
        for (int id = 0; id < chunks.size(); id++) {
            reader.read(id, Chunk.decode(chunks.get(id)).body());
        }
        return reader.streamed();
    }

    /// Reads chunk by chunk. The work grows with the length of the answer, not with its square: a long answer can have
    /// tens of thousands of chunks.
    private static final class Reader {

        private final boolean toolsAreTheirs;
        private final AnswerText text = new AnswerText();
        private int from;

        /// The length of the text before the chunk `from`.
        private int before;

        private boolean isMoreThanText;
        private final Set<String> results = new HashSet<>();
        private int tokens;
        private @Nullable KeptCall kept;

        Reader(int finished, boolean toolsAreTheirs) {
            this.from = finished;
            this.toolsAreTheirs = toolsAreTheirs;
        }

        void read(int id, ChunkBody body) {
            text.add(body);
            if (id < from) {
                before = text.length();
            } else if (body instanceof ChunkBody.Status(_, var details)
                    && ServiceQuestion.isIn(details)) {
                from = id + 1;
                before = text.length();
                tokens += ServiceQuestion.tokens(details);
                isMoreThanText = false;
                kept = null;
            } else {
                readUnfinished(body);
            }
        }

        private void readUnfinished(ChunkBody body) {
            switch (body) {
                case ChunkBody.Content _ -> {}
                case ChunkBody.Status(String status, var details) -> {
                    if (status.equals(KEPT) && details.path(AGAIN).booleanValue(true)) {
                        kept = new KeptCall(details.path(HANDLE).stringValue(""), text.length());
                    }
                }
                case ChunkBody.Reasoning(String piece) -> {
                    isMoreThanText = true;
                    if (kept != null) {
                        kept.reasoning.append(piece);
                    }
                }
                case ChunkBody.ToolCall(String id, _, String arguments) -> {
                    isMoreThanText = true;
                    if (kept != null) {
                        kept.addToolCall(id, arguments);
                    }
                }
                case ChunkBody.ToolResult(String id, _, _) -> {
                    results.add(id);
                    isMoreThanText |= toolsAreTheirs;
                    if (!toolsAreTheirs) {
                        kept = null;
                    } else if (kept != null) {
                        kept.toolResults.add(id);
                    }
                }
                case ChunkBody.Reset _ -> {
                    isMoreThanText = true;
                    kept = null;
                }
                case ChunkBody.Failure _ -> isMoreThanText = true;
            }
        }

        Streamed streamed() {
            String all = text.toString();
            KeptCall last = kept;
            return new Streamed(
                    from,
                    isMoreThanText,
                    results,
                    all.substring(before),
                    last == null ? null : last.kept(),
                    last == null ? "" : all.substring(last.textBefore),
                    tokens);
        }
    }

    /// A model call that its service keeps, while its chunks are read.
    private static final class KeptCall {

        private final String handle;

        /// The length of the answer's text before the call.
        private final int textBefore;

        private final StringBuilder reasoning = new StringBuilder();
        private final Map<String, StringBuilder> arguments = new HashMap<>();
        private final Set<String> toolResults = new HashSet<>();

        KeptCall(String handle, int textBefore) {
            this.handle = handle;
            this.textBefore = textBefore;
        }

        void addToolCall(String id, String piece) {
            arguments.computeIfAbsent(id, _ -> new StringBuilder()).append(piece);
        }

        Kept kept() {
            Map<String, String> toolCalls = new HashMap<>();
            arguments.forEach((id, pieces) -> toolCalls.put(id, pieces.toString()));
            return new Kept(handle, reasoning.toString(), toolCalls, toolResults);
        }
    }
}
