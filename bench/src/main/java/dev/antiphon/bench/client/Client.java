package dev.antiphon.bench.client;

import java.util.UUID;

/// What all loads of a run share: the thread, the connections for messages, and unique ids.
public final class Client implements AutoCloseable {

    private final EventLoop loop = new EventLoop("bench-client");
    private final Posts posts = new Posts(loop);
    private final String run = UUID.randomUUID().toString().substring(0, 8);
    private int sessions;
    private int messages;

    /// The thread of all conversations.
    public EventLoop loop() {
        return loop;
    }

    Posts posts() {
        return posts;
    }

    /// A new id of a message. On the loop.
    public String nextMessage() {
        return "m" + run + "-" + Integer.toString(messages++, 36);
    }

    /// Opens a conversation in a new session. On the loop.
    public Conversation open(Target target, Conversation.Listener listener) {
        int number = sessions++;
        String session = "s" + run + "-" + Integer.toString(number, 36);
        var conversation = new Conversation(this, target, number, session, listener);
        conversation.open("");
        return conversation;
    }

    /// Opens one more stream of the same session on any gateway, from an entry on. On the loop.
    ///
    /// @param after the id of the last entry that it has; empty: from the beginning
    public Conversation watch(
            Target target, String session, String after, Conversation.Listener listener) {
        var conversation = new Conversation(this, target, sessions++, session, listener);
        conversation.open(after);
        return conversation;
    }

    /// Closes the connections for messages to systems that are measured no longer. On the loop.
    public void forget() {
        posts.close();
    }

    @Override
    public void close() {
        loop.close();
    }
}
