package dev.antiphon.simulation;

import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What Redis keeps of one session, as values.
final class ModelSession {

    enum Status {
        ACCEPTED,
        RUNNING,
        PARKED,
        DONE,
        REFUSED
    }

    /// One message's record. A refused message has one without a request.
    static final class Run {
        @Nullable WorkflowRequest request;
        @Nullable MessageId parent;
        Status status = Status.ACCEPTED;
        int attempts;
        long asked;
        long first;
        int swept;

        // Which attempt has lost its worker, and when that was found.
        int orphanedAttempt;
        long orphanedAt;

        // The last append, to know its repetition.
        @Nullable Token appendToken;
        int appendChunk;
        long appendFirst;
        @Nullable EntryId appendBefore;
        @Nullable EntryId appendEnd;

        // What it has finished, and what its user has answered since.
        String checkpoint = "";
        final List<String> answers = new ArrayList<>();
        int resumes;
        long resumed;
        @Nullable String lastAnswer;
        int question;
        int answered;

        // How it ended when that was not an append.
        long ended;
        @Nullable Integer finishChunk;

        // Which end, or place where it waits for its user, this is.
        String rested = "";

        Run copy() {
            Run copy = new Run();
            copy.request = request;
            copy.parent = parent;
            copy.status = status;
            copy.attempts = attempts;
            copy.asked = asked;
            copy.first = first;
            copy.swept = swept;
            copy.orphanedAttempt = orphanedAttempt;
            copy.orphanedAt = orphanedAt;
            copy.appendToken = appendToken;
            copy.appendChunk = appendChunk;
            copy.appendFirst = appendFirst;
            copy.appendBefore = appendBefore;
            copy.appendEnd = appendEnd;
            copy.checkpoint = checkpoint;
            copy.answers.addAll(answers);
            copy.resumes = resumes;
            copy.resumed = resumed;
            copy.lastAnswer = lastAnswer;
            copy.question = question;
            copy.answered = answered;
            copy.ended = ended;
            copy.finishChunk = finishChunk;
            copy.rested = rested;
            return copy;
        }

        boolean hasEnded() {
            return status == Status.DONE || status == Status.REFUSED;
        }
    }

    final UserId owner;
    final EntryId start;

    /// All entries; those up to `trimmed` are kept for the checker only.
    final List<Entry> entries = new ArrayList<>();

    int trimmed;
    final Map<MessageId, Run> runs = new LinkedHashMap<>();
    final TreeMap<Long, MessageId> waiting = new TreeMap<>();
    final Map<MessageId, String> history = new LinkedHashMap<>();
    @Nullable MessageId latest;
    long arrivals;
    long ended;
    long settled;
    int refused;

    // Answers that ended while nobody was connected: from after the first, up to the second.
    @Nullable Long unseen;
    long unseenEnd;

    // The claim. No worker has a null id: a released run.
    @Nullable MessageId active;
    @Nullable Token token;
    @Nullable WorkerId worker;
    int next;

    ModelSession(UserId owner, long generation) {
        this.owner = owner;
        this.start = EntryId.start(generation);
    }

    ModelSession copy() {
        ModelSession copy = new ModelSession(owner, start.generation());
        copy.entries.addAll(entries);
        copy.trimmed = trimmed;
        runs.forEach((message, run) -> copy.runs.put(message, run.copy()));
        copy.waiting.putAll(waiting);
        copy.history.putAll(history);
        copy.latest = latest;
        copy.arrivals = arrivals;
        copy.ended = ended;
        copy.settled = settled;
        copy.refused = refused;
        copy.unseen = unseen;
        copy.unseenEnd = unseenEnd;
        copy.active = active;
        copy.token = token;
        copy.worker = worker;
        copy.next = next;
        return copy;
    }

    EntryId tail() {
        return entries.isEmpty() ? start : entries.getLast().id();
    }

    /// The id of an entry that is not trimmed; 0 is the place before the first. Null when it is not there.
    @Nullable EntryId idOf(long number) {
        if (number == 0) {
            return start;
        }
        return number > trimmed && number <= entries.size()
                ? entries.get((int) number - 1).id()
                : null;
    }

    /// The entries from one number to another, as far as they are there.
    List<Entry> between(long first, long last) {
        List<Entry> found = new ArrayList<>();
        for (long number = Math.max(first, trimmed + 1L);
                number <= Math.min(last, entries.size());
                number++) {
            found.add(entries.get((int) number - 1));
        }
        return found;
    }

    Entry add(EventName event, byte[] data) {
        Entry entry = new Entry(tail().next(event, data), event, data);
        entries.add(entry);
        return entry;
    }

    Run run(MessageId message) {
        Run run = runs.get(message);
        if (run == null) {
            throw new IllegalStateException("no run " + message);
        }
        return run;
    }
}
