package dev.antiphon.worker.run;

import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;

import java.util.List;

/// The text that earlier attempts have streamed and that still stands.
final class Streamed {

    private Streamed() {}

    /// Joins the content of `chunks`, which are a run's chunks from 0 on.
    static String text(List<byte[]> chunks) {
        AnswerText text = new AnswerText();
        chunks.forEach(chunk -> text.add(Chunk.decode(chunk).body()));
        return text.toString();
    }
}
