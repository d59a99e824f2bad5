package dev.antiphon.bench.load;

import dev.antiphon.bench.client.Answer;
import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.client.Conversation;
import dev.antiphon.bench.client.Fault;
import dev.antiphon.bench.client.Question;
import dev.antiphon.bench.client.Target;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// A number of conversations that each ask again as soon as they have their answer: as much load as the system can
/// take. It measures cost, not waiting: while the system stalls, it asks nothing.
public final class ClosedLoad extends Load {

    /// A person who comes back later has a new session in the load.
    public static final int USUAL_TURNS = 10;

    private static final Duration SPREAD = Duration.ofMillis(50);
    private static final Duration RETRY = Duration.ofMillis(200);

    private final Target target;
    private final int conversations;
    private final int turns;
    private final List<Chat> chats = new ArrayList<>();
    private @Nullable CompletableFuture<Boolean> grown;
    private int growTo;

    private ClosedLoad(Client client, Target target, int conversations, int turns) {
        super(client);
        this.target = target;
        this.conversations = conversations;
        this.turns = turns;
    }

    /// Begins a load.
    ///
    /// @param conversations how many at once
    /// @param turns how many messages a session gets before it is replaced by a new one
    public static ClosedLoad start(Client client, Target target, int conversations, int turns)
            throws InterruptedException {
        var load = new ClosedLoad(client, target, conversations, turns);
        load.start();
        return load;
    }

    /// Waits until every session has had this many messages.
    public void awaitTurns(int wanted) throws InterruptedException {
        var _ =
                client().loop()
                        .call(() -> {
                            CompletableFuture<Boolean> done = new CompletableFuture<>();
                            grown = done;
                            growTo = wanted;
                            checkGrown();
                            return done;
                        });
    }

    private void checkGrown() {
        CompletableFuture<Boolean> waiting = grown;
        if (waiting != null && chats.stream().allMatch(chat -> chat.asked > growTo)) {
            grown = null;
            waiting.complete(true);
        }
    }

    @Override
    void begin() {
        long now = System.nanoTime();
        for (int i = 0; i < conversations; i++) {
            Chat chat = new Chat();
            chats.add(chat);
            client().loop().at(now + SPREAD.toNanos() * i / conversations, chat::open);
        }
    }

    @Override
    void end() {
        chats.forEach(Chat::close);
    }

    private final class Chat implements Conversation.Listener {
        private @Nullable Conversation conversation;
        private int asked;

        void open() {
            if (!isClosed()) {
                asked = 0;
                conversation = client().open(target, this);
            }
        }

        void close() {
            Conversation own = conversation;
            if (own != null) {
                own.close();
            }
        }

        @Override
        public void opened(Conversation own) {
            ask(own);
        }

        private void ask(Conversation own) {
            asked++;
            own.ask(Question.usual(client().nextMessage()), System.nanoTime());
        }

        @Override
        public void chunk(Answer answer, int from, long at) {
            counts().chunk();
            if (from == 0) {
                counts().firstChunk(at - answer.dueAt());
            }
        }

        @Override
        public void ended(Conversation own, Answer answer, long at) {
            answered();
            if (isClosed()) {
                return;
            }
            if (asked == turns) {
                own.close();
                open();
            } else {
                ask(own);
                checkGrown();
            }
        }

        @Override
        public void failed(Conversation own, Fault fault) {
            fault(fault);
            client().loop().at(System.nanoTime() + RETRY.toNanos(), this::open);
        }

        private void fault(Fault fault) {
            ClosedLoad.this.fault(fault);
        }
    }
}
