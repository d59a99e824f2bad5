package dev.antiphon.protocol;

import java.util.ArrayList;
import java.util.List;

/// The text of an answer while its chunks arrive: the text that a client gets by concatenating them, resets included.
/// Not thread-safe.
public final class AnswerText {

    private final StringBuilder text = new StringBuilder();

    /// The position in the text at which each chunk begins.
    private final List<Integer> starts = new ArrayList<>();

    /// Takes the message's next chunk; the first is chunk 0.
    public void add(ChunkBody chunk) {
        starts.add(text.length());
        switch (chunk) {
            case ChunkBody.Content(String piece) -> text.append(piece);
            case ChunkBody.Reset(int from) -> withdraw(from);
            case ChunkBody.Reasoning _,
                    ChunkBody.ToolCall _,
                    ChunkBody.ToolResult _,
                    ChunkBody.Status _,
                    ChunkBody.Failure _ -> {}
        }
    }

    /// The numbers of the withdrawn chunks stay used. A later reset can name one of them.
    private void withdraw(int from) {
        if (from < starts.size()) {
            int left = starts.get(from);
            text.setLength(left);
            starts.replaceAll(start -> Math.min(start, left));
        }
    }

    /// The length of the text, in characters.
    public int length() {
        return text.length();
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
