package dev.antiphon.simulation;

import dev.antiphon.backplane.history.Turn;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Redis' data of one session, as values. Its keys can be lost one by one: then their values are as if they had never
/// been written, and `hasMeta` and `hasLog` say whether these two exist.
final class ModelSession {

    enum Status {
        ACCEPTED,
        RUNNING,
        PARKED,
        DONE,
        REFUSED
    }

    /// The keys of a session that Redis can evict.
    enum Key {
        META,
        LOG,
        RUN,
        HISTORY
    }

    /// One message's record. A refused message has one without a request.
    static final class Run {
        @Nullable WorkflowRequest request;
        @Nullable MessageId parent;
        Status status = Status.ACCEPTED;
        int attempts;
        long arrival;
        long asked;
        long first;
        int swept;

        // The attempt that has lost its worker, and when that was found.
        int orphanedAttempt;
        long orphanedAt;

        /// Where services keep the data that it requested, oldest first.
        final List<String> handles = new ArrayList<>();

        /// The name of its resources outside.
        String incarnation = "";

        // The last append, to recognize its repetition.
        @Nullable Token appendToken;
        int appendChunk;
        long appendFirst;
        @Nullable EntryId appendBefore;
        @Nullable EntryId appendEnd;

        // What it has finished, and its user's answers since then.
        String checkpoint = "";
        final List<String> answers = new ArrayList<>();
        int resumes;
        long resumed;
        @Nullable String lastAnswer;
        int question;
        int answered;

        /// Where it continues when it is not claimed; above 0 for a restored run.
        int plainNext;

        // How it ended when that was not an append.
        long ended;
        @Nullable Integer finishChunk;

        // Identifies the end, or the point where it waits for its user.
        String rested = "";

        Run copy() {
            Run copy = new Run();
            copy.request = request;
            copy.parent = parent;
            copy.status = status;
            copy.attempts = attempts;
            copy.arrival = arrival;
            copy.asked = asked;
            copy.first = first;
            copy.swept = swept;
            copy.orphanedAttempt = orphanedAttempt;
            copy.orphanedAt = orphanedAt;
            copy.handles.addAll(handles);
            copy.incarnation = incarnation;
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
            copy.plainNext = plainNext;
            copy.ended = ended;
            copy.finishChunk = finishChunk;
            copy.rested = rested;
            return copy;
        }

        /// It starts again from its beginning, in another log.
        void startAgain(long newAsked) {
            first = 0;
            plainNext = 0;
            checkpoint = "";
            answers.clear();
            question = 0;
            resumed = 0;
            lastAnswer = null;
            answered = 0;
            appendToken = null;
            appendBefore = null;
            appendEnd = null;
            status = Status.ACCEPTED;
            asked = newAsked;
        }

        boolean hasEnded() {
            return status == Status.DONE || status == Status.REFUSED;
        }
    }

    boolean hasMeta;
    boolean hasLog = true;
    @Nullable UserId owner;
    EntryId start = EntryId.start(1);

    /// All entries; those up to `trimmed` are kept for the checker only.
    final List<Entry> entries = new ArrayList<>();

    int trimmed;
    final Map<MessageId, Run> runs = new LinkedHashMap<>();

    /// The index of runs: the messages that have one, and whether they are unfinished.
    final Map<MessageId, Boolean> index = new LinkedHashMap<>();

    final TreeMap<Long, MessageId> waiting = new TreeMap<>();
    final Map<MessageId, String> history = new LinkedHashMap<>();
    final Map<MessageId, Turn> told = new LinkedHashMap<>();
    final Set<MessageId> turns = new LinkedHashSet<>();
    @Nullable UserId historyOwner;
    @Nullable String historyIncarnation;
    @Nullable String incarnation;
    @Nullable MessageId latest;
    long arrivals;
    long ended;
    long settled;
    int refused;

    // Answers that ended without a connection: after the first number, up to the second.
    @Nullable Long unseen;
    long unseenEnd;

    // The claim. No worker has a null id: a released run.
    @Nullable MessageId active;
    @Nullable Token token;
    @Nullable WorkerId worker;
    int next;

    ModelSession copy() {
        ModelSession copy = new ModelSession();
        copy.hasMeta = hasMeta;
        copy.hasLog = hasLog;
        copy.owner = owner;
        copy.start = start;
        copy.index.putAll(index);
        copy.told.putAll(told);
        copy.turns.addAll(turns);
        copy.historyOwner = historyOwner;
        copy.historyIncarnation = historyIncarnation;
        copy.entries.addAll(entries);
        copy.trimmed = trimmed;
        runs.forEach((message, run) -> copy.runs.put(message, run.copy()));
        copy.waiting.putAll(waiting);
        copy.history.putAll(history);
        copy.incarnation = incarnation;
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

    /// Loses one of its keys.
    ///
    /// @param message whose run is lost
    void evict(Key key, MessageId message) {
        switch (key) {
            case META -> {
                hasMeta = false;
                owner = null;
                incarnation = null;
                latest = null;
                arrivals = 0;
                forgetLog();
            }
            case LOG -> hasLog = entries.isEmpty();
            case RUN -> runs.remove(message);
            case HISTORY -> {
                history.clear();
                told.clear();
                historyOwner = null;
                historyIncarnation = null;
            }
        }
    }

    /// The log's position in meta.
    private void forgetLog() {
        active = null;
        token = null;
        worker = null;
        next = 0;
        ended = 0;
        settled = 0;
        unseen = null;
        unseenEnd = 0;
        refused = 0;
    }

    /// Begins another log.
    ///
    /// @param known the incarnation, when the meta is lost and another source knows it
    void begin(UserId by, long generation, @Nullable String known) {
        owner = by;
        start = EntryId.start(generation);
        forgetLog();
        if (!hasMeta) {
            incarnation = known == null ? Long.toString(generation) : known;
        }
        hasMeta = true;
        hasLog = true;
        entries.clear();
        trimmed = 0;
    }

    /// Whether all keys exist that the log's numbers depend on.
    boolean isWhole() {
        if (!hasMeta || (!entries.isEmpty() && (!hasLog || index.isEmpty()))) {
            return false;
        }
        long unfinished = index.values().stream().filter(each -> each).count();
        return unfinished == waiting.size()
                && (waiting.isEmpty() || hasRequest(waiting.firstEntry().getValue()));
    }

    boolean hasRequest(MessageId message) {
        Run run = runs.get(message);
        return run != null && run.request != null;
    }

    /// Whether an entry can follow another.
    boolean canGrow() {
        return hasMeta && (hasLog || entries.isEmpty());
    }

    EntryId tail() {
        return entries.isEmpty() ? start : entries.getLast().id();
    }

    /// The id of an entry that is not trimmed; 0 is the position before the first. Null when it does not exist.
    @Nullable EntryId idOf(long number) {
        if (number == 0) {
            return start;
        }
        return hasLog && number > trimmed && number <= entries.size()
                ? entries.get((int) number - 1).id()
                : null;
    }

    /// The entries from one number to another that exist.
    List<Entry> between(long first, long last) {
        List<Entry> found = new ArrayList<>();
        for (long number = Math.max(first, trimmed + 1L);
                hasLog && number <= Math.min(last, entries.size());
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
