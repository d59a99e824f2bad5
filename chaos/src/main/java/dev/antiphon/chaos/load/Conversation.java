package dev.antiphon.chaos.load;

import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.HistoryWriter;
import dev.antiphon.chaos.load.GatewayClient.Question;
import dev.antiphon.chaos.system.DirectRedis;
import dev.antiphon.chaos.system.SystemUnderTest;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import io.lettuce.core.RedisException;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/// One session: its messages, in sequence or several at once, and its tabs. Ends when every tab has the whole log, or
/// when the system has been calm for a long time and a tab still has not.
final class Conversation {

    private static final int UNAVAILABLE = 503;
    private static final Duration LOOK_EVERY = Duration.ofMillis(100);

    /// Data that has not come this long after the last recovery is stuck.
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final int LEAST_WORDS = 60;
    private static final int MOST_WORDS = 140;

    /// The parts of a run that its sessions share.
    record SharedParts(
            List<SystemUnderTest.GatewayMember> gateways,
            DirectRedis redis,
            HistoryWriter history,
            Tracker tracker,
            Calm calm,
            GatewayClient client) {}

    private final SharedParts run;
    private final String session;
    private final String user;
    private final int messages;
    private final SplittableRandom random;
    private final List<Tab> tabs = new ArrayList<>();
    private final List<Question> asked = new ArrayList<>();

    Conversation(SharedParts run, String session, int messages, SplittableRandom random) {
        this.run = run;
        this.session = session;
        this.user = "user_of_" + session;
        this.messages = messages;
        this.random = random;
    }

    /// Blocks until the session is over.
    void live() throws InterruptedException {
        try {
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                openTab();
            }
            Tab first = tabs.getFirst();
            await(first::isGreeted);
            for (int i = 1; i <= messages; i++) {
                Question question = question(i);
                asked.add(question);
                ask(question);
                course(question, i == messages);
            }
            await(() -> asked.stream().allMatch(each -> first.saw(each.message())));
            finish();
        } finally {
            tabs.forEach(Tab::close);
            run.tracker().forget(session);
        }
    }

    /// The actions while a message is being answered.
    private void course(Question question, boolean last) throws InterruptedException {
        Tab first = tabs.getFirst();
        int before = first.chunks();
        int deed = random.nextInt(100);
        if (deed < 10) {
            await(() -> first.chunks() > before + 5 || first.saw(question.message()));
            cancel(question);
        } else if (deed < 25) {
            await(() -> first.chunks() > before + 5 || first.saw(question.message()));
            openTab(); // a late joiner, without an id
        } else if (deed < 45 && !last) {
            return; // the next message waits for this one
        }
        await(() -> first.saw(question.message()));
    }

    private void openTab() {
        String name = session + "." + (tabs.size() + 1);
        int manner = random.nextInt(100);
        tabs.add(
                new Tab(
                        name,
                        session,
                        user,
                        new Tab.Manner(manner < 15, manner >= 15 && manner < 45),
                        run.gateways(),
                        run.history(),
                        run.tracker(),
                        random.split()));
    }

    /// No two messages of a run share a word, so that a swap is visible.
    private Question question(int number) {
        StringBuilder text = new StringBuilder();
        String mark = session.substring(session.lastIndexOf('_') + 1) + "m" + number + "w";
        for (int i = random.nextInt(LEAST_WORDS, MOST_WORDS); i > 0; i--) {
            text.append(text.isEmpty() ? "" : " ").append(mark).append(i);
        }
        if (random.nextInt(4) == 0) {
            String key = session + "-" + number;
            String message =
                    WorkflowRequest.messageIdFor(new SessionId(session), new UserId(user), key)
                            .value();
            return new Question(session, user, message, key, text.toString());
        }
        return new Question(session, user, "m" + number, null, text.toString());
    }

    // Asking

    private void ask(Question question) throws InterruptedException {
        boolean twice = random.nextInt(5) == 0;
        if (twice && random.nextBoolean()) {
            Thread other = Thread.ofVirtual().start(() -> askQuietly(question));
            askUntilAccepted(question);
            other.join();
        } else {
            askUntilAccepted(question);
            if (twice) {
                askUntilAccepted(question);
            }
        }
    }

    private void askQuietly(Question question) {
        try {
            run.client().ask(gateway(), question);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Sends it again, with the same id, until it is known to be accepted.
    private void askUntilAccepted(Question question) throws InterruptedException {
        Calm.Wait wait = run.calm().begin(PATIENCE);
        int status = run.client().ask(gateway(), question);
        while (isPassing(status) && !wait.isOver()) {
            Thread.sleep(random.nextLong(200, 1_000));
            status = run.client().ask(gateway(), question);
        }
    }

    private void cancel(Question question) throws InterruptedException {
        Calm.Wait wait = run.calm().begin(PATIENCE);
        int status = run.client().cancel(gateway(), question);
        while (isPassing(status) && !wait.isOver()) {
            Thread.sleep(random.nextLong(200, 1_000));
            status = run.client().cancel(gateway(), question);
        }
    }

    private static boolean isPassing(int status) {
        return status == GatewayClient.NONE || status == UNAVAILABLE;
    }

    private SystemUnderTest.GatewayMember gateway() {
        return run.gateways().get(random.nextInt(run.gateways().size()));
    }

    // The end

    /// Records the log when every message has ended in it, every tab has it all and the answers are stored. Redis can
    /// lose its last entries during the check, so the log must be the same afterwards.
    private void finish() throws InterruptedException {
        Calm.Wait wait = run.calm().begin(PATIENCE);
        List<DirectRedis.LogEntry> log = log();
        while (!(isWhole(log) && isStored() && log.equals(log())) && !wait.isOver()) {
            Thread.sleep(LOOK_EVERY.multipliedBy(3));
            log = log();
        }
        if (!isWhole(log)) {
            isStored(); // the stored part of it
        }
        for (DirectRedis.LogEntry each : log) {
            run.history()
                    .write(at ->
                            new HistoryLine.Entry(
                                    at, session, each.id(), each.event(), each.data()));
        }
        run.history().write(at -> new HistoryLine.Over(at, session));
    }

    private boolean isWhole(List<DirectRedis.LogEntry> log) {
        return allAt(log) && asked.stream().allMatch(question -> hasEnded(question, log));
    }

    private static boolean hasEnded(Question question, List<DirectRedis.LogEntry> log) {
        return log.stream()
                .anyMatch(entry ->
                        entry.event().equals("message_complete")
                                && entry.data().contains("\"" + question.message() + "\""));
    }

    /// The worker that acks the request of a cancelled message stores it, a few seconds later.
    private boolean isStored() throws InterruptedException {
        return run.client().messages(gateway(), session, user, asked);
    }

    /// A tab that joined after the end has nothing to wait for.
    private boolean allAt(List<DirectRedis.LogEntry> log) {
        if (log.isEmpty()) {
            return false;
        }
        @Nullable String tail = log.getLast().id();
        return tabs.stream()
                .allMatch(tab ->
                        Objects.equals(tab.lastId(), tail)
                                || (tab.lastId() == null && tab.isGreeted()));
    }

    private List<DirectRedis.LogEntry> log() throws InterruptedException {
        Calm.Wait wait = run.calm().begin(PATIENCE);
        while (true) {
            try {
                return run.redis().log(session);
            } catch (RedisException _) {
                if (wait.isOver()) {
                    return List.of();
                }
                Thread.sleep(LOOK_EVERY);
            }
        }
    }

    private void await(BooleanSupplier condition) throws InterruptedException {
        Calm.Wait wait = run.calm().begin(PATIENCE);
        while (!condition.getAsBoolean() && !wait.isOver()) {
            Thread.sleep(LOOK_EVERY);
        }
    }
}
