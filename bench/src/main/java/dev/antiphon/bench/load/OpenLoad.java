package dev.antiphon.bench.load;

import dev.antiphon.bench.client.Answer;
import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.client.Conversation;
import dev.antiphon.bench.client.Fault;
import dev.antiphon.bench.client.Question;
import dev.antiphon.bench.client.Target;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/// Messages at fixed times, whether or not earlier ones are answered, as independent people send them. All waits are
/// counted from these times, so a stall counts for every message that falls into it (coordinated omission). Where each
/// answer takes as long as planned, the planned number of answers is in flight.
public final class OpenLoad extends Load {

    /// Sessions beyond the planned ones, for answers that come late.
    private static final double SPARE = 0.2;

    /// The same at the least.
    private static final int LEAST_SPARE = 8;

    private static final Duration RETRY = Duration.ofMillis(200);

    /// What is asked, and when its pieces are due.
    public interface Plan {
        /// The next question.
        Question question(String id);

        /// How long an answer takes when it is punctual.
        Duration length();

        /// Counts the pieces of a chunk of an answer that reaches from one byte to another.
        void chunk(Counts counts, Answer answer, int from, int to, long at);
    }

    private final Target target;
    private final int inFlight;
    private final Plan plan;
    private final Deque<Conversation> idle = new ArrayDeque<>();
    private final Map<Conversation, Integer> turns = new HashMap<>();
    private final Set<Conversation> all = new HashSet<>();
    private final CompletableFuture<Boolean> ready = new CompletableFuture<>();
    private boolean begun;

    private OpenLoad(Client client, Target target, int inFlight, Plan plan) {
        super(client);
        this.target = target;
        this.inFlight = inFlight;
        this.plan = plan;
    }

    /// Opens the sessions, and begins a load when all are open.
    ///
    /// @param inFlight how many answers at once
    public static OpenLoad start(Client client, Target target, int inFlight, Plan plan)
            throws InterruptedException {
        var load = new OpenLoad(client, target, inFlight, plan);
        load.start();
        var _ = client.loop().call(() -> load.ready);
        return load;
    }

    @Override
    void begin() {
        int sessions = inFlight + Math.max(LEAST_SPARE, (int) (inFlight * SPARE));
        new Opening(sessions).next();
    }

    /// Opens sessions a few at a time: the load is about answers, not about a thousand connections at once.
    private final class Opening {
        private static final int AT_ONCE = 20;
        private static final long EVERY_NANOS = 20_000_000;
        private int left;

        Opening(int sessions) {
            this.left = sessions;
        }

        void next() {
            for (int i = 0; i < AT_ONCE && left > 0 && !isClosed(); i++, left--) {
                open();
            }
            long again = System.nanoTime() + EVERY_NANOS;
            if (left > 0) {
                client().loop().at(again, this::next);
            } else if (idle.size() >= inFlight || isClosed() || counts().faultCount() > 0) {
                beginAsking();
            } else {
                client().loop().at(again, this::next);
            }
        }
    }

    private void open() {
        if (!isClosed()) {
            all.add(client().open(target, new Reader()));
        }
    }

    private void beginAsking() {
        if (!begun) {
            begun = true;
            ready.complete(true);
            askAt(System.nanoTime(), plan.length().toNanos() / inFlight);
        }
    }

    private void askAt(long due, long interval) {
        client().loop()
                .at(
                        due,
                        () -> {
                            if (!isClosed()) {
                                ask(due);
                                askAt(due + interval, interval);
                            }
                        });
    }

    private void ask(long due) {
        Conversation free = idle.poll();
        if (free == null) {
            counts().notAsked();
            return;
        }
        turns.merge(free, 1, Integer::sum);
        free.ask(plan.question(client().nextMessage()), due);
    }

    @Override
    void end() {
        all.forEach(Conversation::close);
        all.clear();
        idle.clear();
        turns.clear();
    }

    private final class Reader implements Conversation.Listener {
        @Override
        public void opened(Conversation own) {
            idle.add(own);
        }

        @Override
        public void chunk(Answer answer, int from, long at) {
            if (from == 0) {
                counts().firstChunk(at - answer.dueAt());
            }
            plan.chunk(counts(), answer, from, answer.position(), at);
        }

        @Override
        public void ended(Conversation own, Answer answer, long at) {
            answered();
            if (turns.getOrDefault(own, 0) < ClosedLoad.USUAL_TURNS) {
                idle.add(own);
            } else {
                own.close();
                gone(own);
                open();
            }
        }

        @Override
        public void failed(Conversation own, Fault fault) {
            OpenLoad.this.fault(fault);
            gone(own);
            client().loop().at(System.nanoTime() + RETRY.toNanos(), OpenLoad.this::open);
        }

        private void gone(Conversation own) {
            all.remove(own);
            turns.remove(own);
            idle.remove(own);
        }
    }
}
