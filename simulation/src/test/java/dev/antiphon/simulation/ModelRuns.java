package dev.antiphon.simulation;

import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.simulation.ModelSession.Run;
import dev.antiphon.simulation.ModelSession.Status;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/// Claimed runs: `claim.lua`, `append.lua`, `finish.lua` and the other operations on a run.
abstract class ModelRuns extends ModelQuestions {

    ModelRuns(LongSupplier clock, LongSupplier generations, int keepEntries) {
        super(clock, generations, keepEntries);
    }

    // claim.lua

    Claim claim(SessionId id, Optional<MessageId> delivered, WorkerId worker, Token token) {
        ModelSession session = sessions.get(id);
        UserId owner = ownerOf(session);
        if (session != null
                && owner != null
                && !(session.waiting.isEmpty() && session.index.isEmpty())) {
            begin(id, owner, false);
        }
        if (delivered.isPresent()
                && (session == null
                        || !(session.runs.containsKey(delivered.get())
                                || session.history.containsKey(delivered.get())))) {
            return new Claim.Unknown();
        }
        if (session == null
                || session.waiting.isEmpty()
                || !session.hasRequest(session.waiting.firstEntry().getValue())) {
            return new Claim.Idle();
        }
        MessageId message = session.waiting.firstEntry().getValue();
        Run run = session.run(message);
        boolean held = message.equals(session.active);
        int next = held ? session.next : run.plainNext;
        if (!held || !token.equals(session.token)) {
            if (run.status == Status.PARKED) {
                if (!held) { // it was restored while another message had the turn
                    session.active = message;
                    session.token = null;
                    session.worker = null;
                    session.next = next;
                }
                return new Claim.Parked(message);
            }
            if (held) {
                WorkerId holder = session.worker;
                if (holder != null && (isBusy(holder) || !lives(worker))) {
                    return new Claim.Busy();
                }
                leave(holder, new Place(id, message));
            }
            if (run.attempts >= Policy.MOST_ATTEMPTS) {
                return new Claim.Poison(Objects.requireNonNull(run.request));
            }
            session.active = message;
            session.token = token;
            session.worker = worker;
            session.next = next;
            run.attempts++;
            run.status = Status.RUNNING;
            working.computeIfAbsent(worker, _ -> new TreeSet<>()).add(new Place(id, message));
            lookIn(id, message, Policy.LOOK_LATER);
        }
        List<byte[]> streamed = next > 0 ? streamed(session, run, message) : List.of();
        return new Claim.Claimed(
                Objects.requireNonNull(run.request),
                token,
                run.attempts,
                next,
                streamed,
                run.checkpoint,
                run.answers,
                run.incarnation);
    }

    // append.lua

    /// Whether the batch's token can append: this is the fence.
    boolean holds(ModelSession session, Batch batch) {
        return batch.message().equals(session.active) && batch.token().equals(session.token);
    }

    Append append(Batch batch) {
        SessionId id = batch.session();
        ModelSession session = sessions.get(id);
        if (session == null || !session.canGrow() || !session.hasRequest(batch.message())) {
            return new Append.Fenced();
        }
        Run run = session.run(batch.message());
        boolean holds = holds(session, batch);
        if (!holds || session.next != batch.firstChunk()) {
            List<Entry> before = repeated(session, run, batch);
            if (before != null) {
                return new Append.Appended(before, pods(id));
            }
            return holds ? new Append.OutOfSequence(session.next) : new Append.Fenced();
        }
        run.appendToken = batch.token();
        run.appendChunk = batch.firstChunk();
        run.appendFirst = session.entries.size() + 1L;
        run.appendBefore = session.tail();
        if (batch.firstChunk() == 0) {
            run.first = run.appendFirst;
        }
        List<Entry> added = new ArrayList<>();
        for (Batch.Addition addition : batch.additions()) {
            added.add(add(id, session, addition.event(), addition.data()));
        }
        run.appendEnd = session.tail();
        for (String handle : batch.handles()) {
            run.handles.remove(handle);
            run.handles.add(handle);
        }
        if (batch.terminal()) {
            String end = text(batch.additions().getLast().data());
            if (!run.handles.isEmpty() && end.contains("\"finish_reason\":\"error\"")) {
                leaveCleanup(id, session, batch.message(), run, run.incarnation, false);
            }
            end(id, session, batch.message(), run);
        } else {
            session.next = batch.firstChunk() + batch.chunks();
        }
        if (batch.then() == Batch.Then.PARK) {
            Place place = new Place(id, batch.message());
            leave(session.worker, place);
            session.token = null;
            session.worker = null;
            run.status = Status.PARKED;
            run.question = session.next - 1;
            run.attempts--;
            rests(run, session);
            open.put(place, clock.getAsLong() + BackplaneSettings.KEEP_PARKED.toNanos());
        }
        return new Append.Appended(added, pods(id));
    }

    private static @Nullable List<Entry> repeated(ModelSession session, Run run, Batch batch) {
        if (run.appendBefore == null
                || run.appendBefore.generation() != session.start.generation()
                || !batch.token().equals(run.appendToken)
                || run.appendChunk != batch.firstChunk()) {
            return null;
        }
        List<Entry> same = new ArrayList<>();
        EntryId before = run.appendBefore;
        for (Batch.Addition addition : batch.additions()) {
            before = before.next(addition.event(), addition.data());
            same.add(new Entry(before, addition.event(), addition.data()));
        }
        return before.equals(run.appendEnd) ? same : null;
    }

    void end(SessionId id, ModelSession session, MessageId message, Run run) {
        if (membersOf(id).isEmpty()) {
            MessageId first =
                    session.waiting.isEmpty() ? message : session.waiting.firstEntry().getValue();
            long asked = session.runs.getOrDefault(first, run).asked;
            long from = Math.max(session.ended, asked - 1);
            session.unseen = session.unseen == null ? from : Math.min(from, session.unseen);
            session.unseenEnd = session.tail().number();
        }
        Place place = new Place(id, message);
        if (message.equals(session.active)) {
            leave(session.worker, place);
            session.active = null;
            session.token = null;
            session.worker = null;
            session.next = 0;
            session.refused = 0;
        }
        boolean hadTurn =
                !session.waiting.isEmpty()
                        && session.waiting.firstEntry().getValue().equals(message);
        if (hadTurn) {
            session.ended = session.entries.size();
            unsettled.putIfAbsent(id, clock.getAsLong() + Policy.SETTLE_AFTER.toNanos());
        }
        run.status = Status.DONE;
        run.ended = session.entries.size();
        rests(run, session);
        session.index.put(message, false);
        session.waiting.values().remove(message);
        MessageId next = session.waiting.isEmpty() ? null : session.waiting.firstEntry().getValue();
        Run nextRun = next == null ? null : session.runs.get(next);
        if (hadTurn && next != null && (nextRun == null || nextRun.status != Status.PARKED)) {
            lookIn(id, next, Policy.LOOK_SOON);
        }
        open.remove(place);
    }

    // checkpoint.lua, resume.lua

    boolean checkpoint(
            SessionId id, MessageId message, Token token, int chunks, String checkpoint) {
        ModelSession session = sessions.get(id);
        if (session == null
                || !message.equals(session.active)
                || !token.equals(session.token)
                || !session.hasRequest(message)
                || session.next < chunks) {
            return false;
        }
        Run run = session.run(message);
        run.checkpoint = checkpoint;
        run.answers.clear();
        return true;
    }

    Resume resume(UserId user, Chunk resumed, UserAnswer answer) {
        SessionId id = resumed.sessionId();
        ModelSession session = sessions.get(id);
        Run run = session == null ? null : session.runs.get(resumed.messageId());
        if (session == null || run == null || !session.canGrow() || !user.equals(session.owner)) {
            return new Resume.Unknown();
        }
        Integer question = answer.question();
        if (run.status != Status.PARKED || (question != null && question != run.question)) {
            List<Entry> before = session.between(run.resumed, run.resumed);
            return answer.text().equals(run.lastAnswer)
                            && (question == null || question == run.answered)
                            && before.size() == 1
                    ? resumed(id, run, before.getFirst())
                    : new Resume.NotWaiting();
        }
        // A run that was restored behind another message has no turn yet.
        boolean hasTurn = resumed.messageId().equals(session.active);
        Entry entry =
                add(
                        id,
                        session,
                        EventName.CHUNK,
                        resumed.encodeAroundChunkId().with(hasTurn ? session.next : run.plainNext));
        if (hasTurn) {
            session.next++;
        } else {
            run.plainNext++;
        }
        run.answers.add(answer.text());
        run.lastAnswer = answer.text();
        run.answered = run.question;
        run.status = Status.ACCEPTED;
        run.resumes++;
        run.resumed = entry.id().number();
        lookIn(id, resumed.messageId(), Policy.LOOK_SOON);
        return resumed(id, run, entry);
    }

    private Resume resumed(SessionId id, Run run, Entry entry) {
        return new Resume.Resumed(
                entry, pods(id), Objects.requireNonNull(run.request), run.resumes);
    }

    // finish.lua

    Finish finish(Optional<UserId> user, Chunk last) {
        SessionId id = last.sessionId();
        MessageId message = last.messageId();
        ModelSession session = sessions.get(id);
        Run run = session == null ? null : session.runs.get(message);
        if (session == null
                || run == null
                || !session.canGrow()
                || (user.isPresent() && !user.get().equals(session.owner))) {
            return new Finish.Unknown();
        }
        if (run.hasEnded()) {
            return finishedBefore(id, session, run, last);
        }
        int chunkId = message.equals(session.active) ? session.next : run.plainNext;
        if (run.status != Status.ACCEPTED || !run.handles.isEmpty()) {
            leaveCleanup(id, session, message, run, run.incarnation, false);
        }
        byte[] chunk = last.encodeAroundChunkId().with(chunkId);
        List<Entry> added =
                addAll(id, session, new Batch.End(chunk, Batch.End.of(last).complete()));
        run.finishChunk = chunkId;
        end(id, session, message, run);
        return new Finish.Finished(added, pods(id));
    }

    /// The same result as the first time, for the same call.
    private Finish finishedBefore(SessionId id, ModelSession session, Run run, Chunk last) {
        List<Entry> before = session.between(run.ended - 1, run.ended);
        boolean same =
                run.finishChunk != null
                        && before.size() == 2
                        && Arrays.equals(
                                before.getFirst().data(),
                                last.encodeAroundChunkId().with(run.finishChunk));
        return same ? new Finish.Finished(before, pods(id)) : new Finish.Ended();
    }

    // atRest, work_state.lua, request, release.lua

    boolean atRest(SessionId id, MessageId message) {
        Run run = run(id, message);
        return run != null && (run.hasEnded() || run.status == Status.PARKED);
    }

    WorkState workState(SessionId id, MessageId message) {
        ModelSession session = sessions.get(id);
        if (atRest(id, message)) {
            return new WorkState.AtRest(Objects.requireNonNull(run(id, message)).rested);
        }
        boolean isTold = session != null && session.history.containsKey(message);
        if (isTold && run(id, message) == null) {
            return new WorkState.AtRest("");
        }
        if (session == null || run(id, message) == null || session.active == null) {
            return new WorkState.Free();
        }
        Run active = session.runs.get(session.active);
        boolean parked = active != null && active.status == Status.PARKED;
        return parked || (session.worker != null && lives(session.worker))
                ? new WorkState.AtWork()
                : new WorkState.Free();
    }

    Optional<WorkflowRequest> request(SessionId id, MessageId message) {
        return Optional.ofNullable(run(id, message)).map(run -> run.request);
    }

    boolean release(SessionId id, MessageId message, Token token) {
        ModelSession session = sessions.get(id);
        if (session == null || !message.equals(session.active) || !token.equals(session.token)) {
            return false;
        }
        leave(session.worker, new Place(id, message));
        session.token = null;
        session.worker = null;
        Run run = session.runs.get(message);
        if (run != null) {
            run.attempts--;
        }
        lookIn(id, message, Policy.LOOK_SOON);
        return true;
    }
}
