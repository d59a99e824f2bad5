package dev.antiphon.bench.load;

import dev.antiphon.bench.client.Answer;
import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.client.Conversation;
import dev.antiphon.bench.client.Fault;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Several conversations that each open once and get one answer; one fault ends them all.
final class Gathering {

    private final Client client;
    private final List<Conversation> all = new ArrayList<>();
    private @Nullable CompletableFuture<Boolean> step;
    private int wanted;
    private int reached;
    private @Nullable Fault fault;

    Gathering(Client client) {
        this.client = client;
    }

    /// What each of them reports beyond opening and ending.
    interface Reader {
        default void chunk(long at) {}

        void ended(Conversation conversation, Answer answer, long at);
    }

    /// Opens some of them.
    ///
    /// @param steps how many openings and ends of answers to wait for
    /// @param count how many to open
    /// @param opener opens the one with this number, from 0
    /// @return all that were opened so far
    List<Conversation> open(int steps, int count, Opener opener, Reader reader)
            throws InterruptedException, IOException {
        await(
                steps,
                () -> {
                    for (int i = 0; i < count; i++) {
                        all.add(opener.open(new Listener(reader), i));
                    }
                });
        return List.copyOf(all);
    }

    /// Opens a conversation, on the loop.
    interface Opener {
        Conversation open(Conversation.Listener listener, int number);
    }

    /// Does something on the loop, and returns when as many of them have reached their next step.
    void await(int count, Runnable begin) throws InterruptedException, IOException {
        boolean done =
                client.loop()
                        .call(() -> {
                            CompletableFuture<Boolean> waiting = new CompletableFuture<>();
                            step = waiting;
                            wanted = count;
                            reached = 0;
                            begin.run();
                            check();
                            return waiting;
                        });
        Fault found = fault;
        if (!done && found != null) {
            throw new IOException(
                    found.kind() == Fault.Kind.CONNECT ? found.detail() : found.toString());
        }
    }

    private void reached() {
        reached++;
        check();
    }

    private void check() {
        CompletableFuture<Boolean> waiting = step;
        if (waiting != null && (fault != null || reached == wanted)) {
            step = null;
            waiting.complete(fault == null);
        }
    }

    void close() {
        client.loop().execute(() -> all.forEach(Conversation::close));
    }

    private final class Listener implements Conversation.Listener {
        private final Reader reader;

        Listener(Reader reader) {
            this.reader = reader;
        }

        @Override
        public void opened(Conversation conversation) {
            reached();
        }

        @Override
        public void chunk(Answer answer, int from, long at) {
            reader.chunk(at);
        }

        @Override
        public void ended(Conversation conversation, Answer answer, long at) {
            reader.ended(conversation, answer, at);
            reached();
        }

        @Override
        public void failed(Conversation conversation, Fault found) {
            if (fault == null) {
                fault = found;
            }
            check();
        }
    }
}
