package dev.antiphon.protocol;

import java.util.ArrayList;
import java.util.List;

/// The text of an answer while its chunks come: what a client that concatenates has, honouring resets. Not thread-safe.
public final class AnswerText {

    private final StringBuilder text = new StringBuilder();

    /// Where in the text each chunk begins.
    private final List<Integer> starts = new ArrayList<>();

    /// Takes the message's next chunk; the first is chunk 0.
    public void add(ChunkBody chunk) {
        starts.add(text.length());
        switch (chunk) {
            case ChunkBody.Content(String piece) -> text.append(piece);
            case ChunkBody.Reset(int from) -> text.setLength(startOf(from));
            case ChunkBody.Reasoning _,
                    ChunkBody.ToolCall _,
                    ChunkBody.ToolResult _,
                    ChunkBody.Status _,
                    ChunkBody.Failure _ -> {}
        }
    }

    /// A reset can withdraw only what was there.
    private int startOf(int chunk) {
        return chunk < starts.size() ? Math.min(starts.get(chunk), text.length()) : text.length();
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
