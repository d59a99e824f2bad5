package dev.antiphon.testkit;

import dev.antiphon.api.model.RetrySink;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Collects what a provider streams, in order. Reasoning is written in `(` `)`, tool calls and results in `<` `>`,
/// retries in `[` `]`. Not thread-safe.
public class CollectingSink implements RetrySink {

    /// The answer of {@link #isCancelled}.
    public volatile boolean cancelled;

    /// The pieces, oldest first.
    public final List<String> pieces = new CopyOnWriteArrayList<>();

    @Override
    public void content(String text) throws InterruptedException {
        pieces.add(text);
    }

    @Override
    public void reasoning(String text) {
        pieces.add("(" + text + ")");
    }

    @Override
    public void toolCall(String id, String name, String arguments) {
        pieces.add("<" + id + " " + name + " " + arguments + ">");
    }

    @Override
    public void toolResult(String id, String name, String result) {
        pieces.add("<" + id + " " + name + " = " + result + ">");
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }

    @Override
    public void kept(String handle) {
        pieces.add("@" + handle);
    }

    @Override
    public void reset() {
        pieces.add("!reset");
    }

    @Override
    public void retrying(String why, Duration wait) {
        pieces.add("[" + why + "]");
    }

    /// All pieces, joined.
    public String text() {
        return String.join("", pieces);
    }
}
