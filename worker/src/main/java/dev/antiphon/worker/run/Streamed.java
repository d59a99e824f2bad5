package dev.antiphon.worker.run;

import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.worker.provider.ModelCall.Kept;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// What earlier attempts have streamed and what of it still stands.
///
/// @param text the answer's
/// @param kept the last model call of it, when its service goes on without us
/// @param textOfKept what of `text` that call brought
record Streamed(String text, @Nullable Kept kept, String textOfKept) {

    /// The `metadata.status` of the chunk that tells where a service keeps an answer.
    static final String KEPT = "kept";

    /// Reads a run's chunks from 0 on.
    static Streamed of(List<byte[]> chunks) {
        AnswerText text = new AnswerText();
        String handle = null;
        int textAtHandle = 0;
        StringBuilder reasoning = new StringBuilder();
        for (byte[] chunk : chunks) {
            ChunkBody body = Chunk.decode(chunk).body();
            text.add(body);
            switch (body) {
                case ChunkBody.Status(String status, var details) when status.equals(KEPT) -> {
                    handle = details.path("handle").stringValue("");
                    textAtHandle = text.toString().length();
                    reasoning.setLength(0);
                }
                case ChunkBody.Reasoning(String piece) -> reasoning.append(piece);
                case ChunkBody.Reset _, ChunkBody.ToolResult _ -> handle = null;
                case ChunkBody.Content _,
                        ChunkBody.ToolCall _,
                        ChunkBody.Status _,
                        ChunkBody.Failure _ -> {}
            }
        }
        String all = text.toString();
        return handle == null
                ? new Streamed(all, null, "")
                : new Streamed(
                        all, new Kept(handle, reasoning.toString()), all.substring(textAtHandle));
    }
}
