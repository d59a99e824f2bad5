package dev.antiphon.bench.load;

import dev.antiphon.bench.client.Answer;
import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.client.Conversation;
import dev.antiphon.bench.client.Fault;
import dev.antiphon.bench.client.Question;
import dev.antiphon.bench.client.Target;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Many streams that are open, at most 64 of them opening at a time: all of one session, or one of each. Those of one
/// session can watch an answer together.
public final class Tabs extends Load {

    private static final int OPENING = 64;

    private final Target target;
    private final int wanted;
    private final boolean together;
    private final List<Conversation> tabs = new ArrayList<>();
    private final CompletableFuture<Boolean> ready = new CompletableFuture<>();
    private @Nullable CompletableFuture<Boolean> answered;
    private int opening;
    private int open;
    private int missing;

    private Tabs(Client client, Target target, int wanted, boolean together) {
        super(client);
        this.target = target;
        this.wanted = wanted;
        this.together = together;
    }

    /// Opens streams of sessions of their own, and returns when all are open.
    public static Tabs apart(Client client, Target target, int wanted) throws InterruptedException {
        return opened(new Tabs(client, target, wanted, false));
    }

    /// Opens streams of one session, and returns when all are open.
    public static Tabs together(Client client, Target target, int wanted)
            throws InterruptedException {
        return opened(new Tabs(client, target, wanted, true));
    }

    private static Tabs opened(Tabs tabs) throws InterruptedException {
        tabs.start();
        var _ = tabs.client().loop().call(() -> tabs.ready);
        return tabs;
    }

    @Override
    void begin() {
        openMore();
    }

    private void openMore() {
        // The first of a session alone: it makes the session.
        int atOnce = together && open == 0 ? 1 : OPENING;
        while (opening < atOnce && tabs.size() < wanted && !isClosed()) {
            opening++;
            Tab tab = new Tab();
            tabs.add(
                    together && !tabs.isEmpty()
                            ? client().watch(target, tabs.getFirst().session(), "", tab)
                            : client().open(target, tab));
        }
        if (open + (int) counts().faultCount() >= wanted) {
            ready.complete(true);
        }
    }

    /// Sends one message, and returns when every tab has its answer.
    public void watchAnswer() throws InterruptedException {
        var _ =
                client().loop()
                        .call(() -> {
                            CompletableFuture<Boolean> done = new CompletableFuture<>();
                            answered = done;
                            missing = open;
                            Question question = Question.usual(client().nextMessage());
                            long now = System.nanoTime();
                            for (Conversation tab : tabs.subList(1, tabs.size())) {
                                tab.expect(question, now);
                            }
                            tabs.getFirst().ask(question, now);
                            return done;
                        });
    }

    @Override
    void end() {
        tabs.forEach(Conversation::close);
    }

    private final class Tab implements Conversation.Listener {
        private boolean isOpen;

        @Override
        public void opened(Conversation own) {
            isOpen = true;
            opening--;
            open++;
            openMore();
        }

        @Override
        public void chunk(Answer answer, int from, long at) {
            counts().chunk();
        }

        @Override
        public void ended(Conversation own, Answer answer, long at) {
            answered();
            hasAnswer();
        }

        @Override
        public void failed(Conversation own, Fault fault) {
            Tabs.this.fault(fault);
            if (isOpen) {
                open--;
                hasAnswer();
            } else {
                opening--;
                openMore();
            }
        }

        private void hasAnswer() {
            missing--;
            CompletableFuture<Boolean> waiting = answered;
            if (missing == 0 && waiting != null) {
                answered = null;
                waiting.complete(true);
            }
        }
    }
}
