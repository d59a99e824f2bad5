package dev.antiphon.tester;

import dev.antiphon.backplane.tools.ToolBegin;
import dev.antiphon.backplane.tools.ToolIntent;
import dev.antiphon.backplane.tools.ToolJournal;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The tool calls of one message, in memory. Thread-safe.
final class MemoryJournal implements ToolJournal {

    private final MemoryLog log;

    /// By step. Guarded by `this`.
    private final Map<String, Call> calls = new HashMap<>();

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Call(ToolIntent intent, byte @Nullable [] outcome) {}

    /// @param log knows which attempt has the run
    MemoryJournal(MemoryLog log) {
        this.log = log;
    }

    @Override
    public synchronized CompletionStage<ToolBegin> begin(ToolIntent intent, boolean again) {
        return CompletableFuture.completedFuture(begun(intent, again));
    }

    private ToolBegin begun(ToolIntent intent, boolean again) {
        if (!log.isHeldWith(intent.token())) {
            return new ToolBegin.Fenced();
        }
        Call before = calls.get(intent.step());
        if (before != null) {
            byte[] outcome = before.outcome();
            if (outcome != null && before.intent().digest().equals(intent.digest())) {
                return new ToolBegin.Done(outcome);
            }
            if (!again) {
                return new ToolBegin.Unknown();
            }
        } else if (calls.size() >= MAX_CALLS) {
            return new ToolBegin.TooMany();
        }
        calls.put(intent.step(), new Call(intent, null));
        return new ToolBegin.Begun();
    }

    @Override
    public synchronized CompletionStage<Boolean> end(ToolIntent intent, byte[] outcome) {
        boolean isHeld = log.isHeldWith(intent.token());
        if (isHeld) {
            calls.put(intent.step(), new Call(intent, outcome));
        }
        return CompletableFuture.completedFuture(isHeld);
    }
}
