package dev.antiphon.providers.langgraph;

import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.TokenSink;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/// A sink that stores its pieces as a log would, and can be lost midway as a run can. It belongs to the provider's
/// thread; other threads can read the text and `kept`.
final class RecordingSink implements TokenSink {

    /// The valid text of the answer.
    private final List<String> texts = new CopyOnWriteArrayList<>();

    volatile @Nullable String kept;
    volatile boolean cancelled;
    String reasoning = "";
    final Map<String, String> toolCalls = new HashMap<>();
    final Set<String> toolResults = new HashSet<>();

    /// Everything in order of arrival, one line each.
    final List<String> lines = new ArrayList<>();

    int resets;
    private final int most;

    RecordingSink() {
        this(Integer.MAX_VALUE);
    }

    /// Takes this many pieces, and is lost then.
    RecordingSink(int most) {
        this.most = most;
    }

    private void take(String line) throws InterruptedException {
        if (lines.size() == most) {
            throw new InterruptedException("lost");
        }
        lines.add(line);
    }

    @Override
    public void content(String piece) throws InterruptedException {
        if (!piece.isEmpty()) {
            take("text " + piece);
            texts.add(piece);
        }
    }

    @Override
    public void reasoning(String piece) throws InterruptedException {
        if (!piece.isEmpty()) {
            take("reasoning " + piece);
            reasoning += piece;
        }
    }

    @Override
    public void toolCall(String id, String name, String arguments) throws InterruptedException {
        take("call " + id + " " + name + " " + arguments);
        toolCalls.merge(id, arguments, String::concat);
    }

    @Override
    public void toolResult(String id, String name, String result) throws InterruptedException {
        take("result " + id + " " + name + " " + result);
        toolResults.add(id);
    }

    @Override
    public void kept(String handle) throws InterruptedException {
        take("kept");
        kept = handle;
        texts.clear();
        reasoning = "";
        toolCalls.clear();
        toolResults.clear();
    }

    @Override
    public void reset() throws InterruptedException {
        take("reset");
        resets++;
        texts.clear();
        kept = null;
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }

    String text() {
        return String.join("", texts);
    }

    /// What the next attempt gets; null when nothing was kept.
    @Nullable Kept asKept() {
        String handle = kept;
        return handle == null ? null : new Kept(handle, reasoning, toolCalls, toolResults);
    }
}
