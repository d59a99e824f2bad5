package dev.antiphon.simulation;

import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.simulation.ModelSession.Run;
import dev.antiphon.simulation.ModelSession.Status;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Checks a world at its end against the invariants of ARCHITECTURE.md. Checks that are possible during the run are in
/// {@link Chronicle} and {@link Browser}.
final class Checker {

    /// PROTOCOL.md §6, around the question.
    private static final String DEMO_HEAD = "I received your message: '";

    private static final String DEMO_TAIL =
            "' This is a demo response from the LangGraph workflow service. In a real implementation, this would"
                    + " integrate with AI models like GPT-4, Claude, etc. The response is being"
                    + " streamed token by token to demonstrate the chunk buffering system.";

    private Checker() {}

    /// The unfinished work: none, when a world is at its end.
    static List<String> unfinished(World world) {
        List<String> unfinished = new ArrayList<>();
        world.redis()
                .sessions()
                .forEach((id, session) -> {
                    session.waiting.values().stream()
                            .filter(message ->
                                    session.hasRequest(message)
                                            || !world.chronicle().lostRun(new Place(id, message)))
                            .forEach(message -> unfinished.add("message " + message));
                    if (session.settled < session.ended && !world.kinds().evicts()) {
                        unfinished.add("history of " + id);
                    }
                });
        for (ModelQueue.Stored each : world.nats().queue().all()) {
            if (!each.orphan) {
                unfinished.add("request " + each.request.sequence());
            }
        }
        unfinished.addAll(leftGoing(world));
        for (Place place : world.rows().places()) {
            if (world.redis().run(place.session(), place.message()) == null) {
                unfinished.add("row of " + place.message());
            }
        }
        for (Browser browser : world.browsers()) {
            ModelSession session = world.redis().session(browser.session());
            boolean hasAll =
                    session != null
                            && (browser.lastId() == null
                                    ? sawNothing(session)
                                    : session.tail().equals(browser.lastId()));
            if (!browser.isConnected() || !browser.isRegistered() || !hasAll) {
                unfinished.add(
                        "browser of "
                                + browser.session()
                                + " at "
                                + browser.lastId()
                                + " instead of "
                                + (session == null ? "nothing" : session.tail()));
            }
        }
        return unfinished;
    }

    /// Remote runs of messages that have ended, or were deleted with their session. Runs that Redis has lost
    /// are unknown.
    private static List<String> leftGoing(World world) {
        if (world.chronicle().of(Chronicle.Count.LOSS) > 0) {
            return List.of();
        }
        List<String> going = new ArrayList<>();
        for (RemoteService.Run run : world.service().going()) {
            Run message = world.redis().run(run.purpose.session(), run.purpose.message());
            if (message == null && world.chronicle().of(Chronicle.Count.ROLLBACK) > 0) {
                continue; // Redis lost the acceptance of its message
            }
            // Its worker did not know of the deletion yet; a deleted thread ends together with
            // its run.
            // After a rollback, its message was accepted again and has another name at the service.
            boolean renamed =
                    message != null && !message.incarnation.equals(run.purpose.incarnation());
            if (renamed && world.chronicle().of(Chronicle.Count.ROLLBACK) > 0) {
                continue;
            }
            boolean forgotten =
                    world.chronicle().lostRun(run.purpose.place())
                            || run.begunAt >= world.chronicle().erasedAt(run.purpose.session());
            if (!forgotten && (message == null || message.hasEnded())) {
                going.add("remote run " + run.id + " of " + run.purpose.place());
            }
        }
        return going;
    }

    /// Whether one without an id rightly receives nothing: everything had been written and seen when it came, or there
    /// is nothing.
    private static boolean sawNothing(ModelSession session) {
        return session.tail().number() == 0
                || (session.waiting.isEmpty()
                        && (session.unseen == null || session.unseen < session.trimmed));
    }

    static void stuck(World world) {
        world.chronicle().violated("stuck", String.join(", ", unfinished(world)));
    }

    static void check(World world) {
        world.redis().sessions().forEach((id, session) -> checkLog(world, id, session));
        world.chronicle().checkRung(world.kinds().ringTick());
        checkAccepted(world);
        world.browsers().forEach(browser -> checkBrowser(world, browser));
    }

    // The logs

    private static void checkLog(World world, SessionId id, ModelSession session) {
        if (!session.hasLog) {
            return; // evicted, and not opened since
        }
        Chronicle chronicle = world.chronicle();
        EntryId before = session.start;
        for (Entry entry : session.entries) {
            if (!before.next(entry.event(), entry.data()).equals(entry.id())) {
                chronicle.violated("I1", entry.id() + " does not continue " + before);
            }
            before = entry.id();
        }
        answers(chronicle, session.entries)
                .forEach((message, answer) ->
                        checkAnswer(chronicle, new Place(id, message), answer, session));
        session.runs.forEach((message, run) -> {
            if (run.status != Status.DONE && run.status != Status.REFUSED) {
                chronicle.violated("I1", message + " has not ended");
            }
        });
    }

    /// One message's chunks in a log.
    private static final class Answer {
        private final AnswerText text = new AnswerText();
        private int chunks;
        private long end;
        private @Nullable Completion completion;
        private boolean completed;
        private boolean whole = true;
    }

    private static Map<MessageId, Answer> answers(Chronicle chronicle, List<Entry> entries) {
        Map<MessageId, Answer> answers = new LinkedHashMap<>();
        MessageId ended = null;
        for (Entry entry : entries) {
            switch (entry.event()) {
                case CHUNK -> {
                    Chunk chunk = Chunk.decode(entry.data());
                    ended = chunk.isFinal() ? chunk.messageId() : null;
                    take(chronicle, answers, chunk);
                }
                case MESSAGE_COMPLETE -> {
                    Answer answer = ended == null ? null : answers.get(ended);
                    if (answer == null || answer.completed) {
                        chronicle.violated("I1", entry.id() + " completes no message");
                    } else {
                        answer.completed = true;
                        answer.end = entry.id().number();
                    }
                    ended = null;
                }
                case MESSAGE -> ended = null;
                case CONNECTED, STATUS, RESYNC, REFUSED, SESSION, LIST ->
                        chronicle.violated("I1", entry.id() + " is in no log");
            }
        }
        return answers;
    }

    private static void take(Chronicle chronicle, Map<MessageId, Answer> answers, Chunk chunk) {
        MessageId message = chunk.messageId();
        Answer answer = answers.computeIfAbsent(message, _ -> new Answer());
        if (answer.chunks == 0 && chunk.chunkId() > 0) {
            answer.whole = false; // it began before this part of the log
            answer.chunks = chunk.chunkId();
        }
        if (answer.completion != null) {
            chronicle.violated("I1", message + " continues after its end");
        }
        if (chunk.chunkId() != answer.chunks) {
            chronicle.violated(
                    "I1",
                    message + " has chunk " + chunk.chunkId() + " instead of " + answer.chunks);
        }
        answer.chunks++;
        answer.text.add(chunk.body());
        answer.completion = chunk.completion();
    }

    private static void checkAnswer(
            Chronicle chronicle, Place place, Answer answer, ModelSession session) {
        // Its run was evicted, and no client has opened the session since, which begins another
        // log.
        boolean awaitsOpening =
                chronicle.lostRun(place) && session.waiting.containsValue(place.message());
        if (awaitsOpening && !session.hasRequest(place.message())) {
            return;
        }
        if (answer.completion == null || !answer.completed || !answer.whole) {
            chronicle.violated("I1", place.message() + " has no terminal or no beginning");
            return;
        }
        String text = answer.text.toString();
        boolean stopped = answer.completion.finishReason() == FinishReason.STOP;
        boolean oneAttempts =
                texts(chronicle, place).stream()
                        .anyMatch(each -> stopped ? each.equals(text) : each.startsWith(text));
        if (!oneAttempts) {
            chronicle.violated("I5", place.message() + " has a text of no attempt: '" + text + "'");
        }
        // An answer that is not settled yet is still in the log after the history's cursor.
        Run run = session.runs.get(place.message());
        String kept = session.history.get(place.message());
        boolean settled = answer.end <= session.settled && !chronicle.lostHistory(place.session());
        if (settled && run != null && run.request != null && !text.equals(kept)) {
            chronicle.violated(
                    "I5", place.message() + " is '" + text + "' and in history '" + kept + "'");
        }
    }

    /// Every message that may have been answered.
    private static List<String> texts(Chronicle chronicle, Place place) {
        List<String> texts = new ArrayList<>(chronicle.attempts(place.session(), place.message()));
        texts.add(DEMO_HEAD + Asker.text(place) + DEMO_TAIL);
        return texts;
    }

    // The promises

    private static void checkAccepted(World world) {
        Chronicle chronicle = world.chronicle();
        boolean lost = chronicle.of(Chronicle.Count.LOSS) > 0;
        boolean rolledBack = lost || chronicle.of(Chronicle.Count.ROLLBACK) > 0;
        boolean natsLost = chronicle.of(Chronicle.Count.NATS_LOSS) > 0;
        for (SessionId session : chronicle.erased()) {
            if (!rolledBack && world.redis().session(session) != null) {
                chronicle.violated("erased", session + " came back after it was deleted");
            }
        }
        for (Place place : chronicle.accepted()) {
            if (chronicle.erased().contains(place.session())) {
                continue;
            }
            boolean answered = world.redis().atRest(place.session(), place.message());
            // Lost with both servers' disks, or answered before one of them was lost. If a run
            // waits, its delivery is gone; with the answer, its row is gone too.
            boolean hadNoRow =
                    RemoteProvider.asks(place)
                            && (!world.kinds().rows() || world.rows().wasRemoved(place));
            boolean excused =
                    (lost && (chronicle.everEnded(place) || hadNoRow))
                            || (rolledBack && (natsLost || !chronicle.wasStored(place)));
            boolean evicted =
                    chronicle.lostRun(place)
                            && (chronicle.everEnded(place) || !chronicle.wasStored(place));
            if (!answered && !excused && !evicted && !chronicle.lostWithNats(place)) {
                chronicle.violated("I6", place.message() + " was accepted and never answered");
            }
        }
    }

    // The tabs

    private static void checkBrowser(World world, Browser browser) {
        ModelSession session = world.redis().session(browser.session());
        if (session == null) {
            return;
        }
        Map<MessageId, Answer> inLog = answers(new Chronicle(), session.entries);
        answers(new Chronicle(), browser.received())
                .forEach((message, seen) -> {
                    Answer answer = inLog.get(message);
                    boolean same =
                            answer != null && answer.text.toString().equals(seen.text.toString());
                    if (seen.completed && !seen.whole) {
                        world.chronicle().violated("I5", message + " was shown from its middle");
                    }
                    if (seen.whole && seen.completed && !same) {
                        world.chronicle()
                                .violated("I5", message + " was shown as '" + seen.text + "'");
                    }
                });
        if (browser.hasHistory() && !world.chronicle().lostHistory(browser.session())) {
            checkResynced(world, browser, session, inLog);
        }
        for (Entry entry : browser.received()) {
            if (entry.event() == EventName.MESSAGE_COMPLETE
                    && session.hasLog
                    && !entry.id().equals(session.idOf(entry.id().number()))
                    && entry.id().number() > session.trimmed) {
                world.chronicle().violated("I4", entry.id() + " was shown and is not in the log");
            }
        }
    }

    /// After a resync, each text reached the tab from the history or from the log after it.
    private static void checkResynced(
            World world, Browser browser, ModelSession session, Map<MessageId, Answer> inLog) {
        Map<MessageId, Answer> shown = answers(new Chronicle(), browser.received());
        inLog.forEach((message, answer) -> {
            Run run = session.runs.get(message);
            if (run != null
                    && run.request != null
                    && !shown.containsKey(message)
                    && !answer.text.toString().equals(browser.history().get(message))) {
                world.chronicle().violated("I4", message + " was lost in a resync");
            }
        });
    }
}
