package dev.antiphon.worker.run;

import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;

import java.util.List;

/// The text that earlier attempts have streamed and that still stands: what a client that concatenates has.
final class Streamed {

    private Streamed() {}

    /// Joins the content of `chunks`, which are a run's chunks from 0 on, honouring resets.
    static String text(List<byte[]> chunks) {
        StringBuilder text = new StringBuilder();
        int[] startOf = new int[chunks.size()];
        for (int i = 0; i < chunks.size(); i++) {
            startOf[i] = text.length();
            switch (Chunk.decode(chunks.get(i)).body()) {
                case ChunkBody.Content(String piece) -> text.append(piece);
                case ChunkBody.Reset(int from) ->
                        text.setLength(from < i ? startOf[from] : text.length());
                case ChunkBody.Reasoning _,
                        ChunkBody.ToolCall _,
                        ChunkBody.ToolResult _,
                        ChunkBody.Status _,
                        ChunkBody.Failure _ -> {}
            }
        }
        return text.toString();
    }
}
