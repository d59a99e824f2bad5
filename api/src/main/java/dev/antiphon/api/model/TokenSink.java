package dev.antiphon.api.model;

/// Takes what a model streams, in order. Used by the run's one thread.
public interface TokenSink {

    /// Takes a piece of the answer's text. Blocks while too much is waiting to be written to the log.
    ///
    /// @throws InterruptedException when the run was cancelled or lost to another worker: stop
    void content(String text) throws InterruptedException;

    /// Takes a piece of the model's reasoning; as {@link #content}.
    void reasoning(String text) throws InterruptedException;

    /// Takes a piece of a tool call: the pieces of one `id`, joined, are its arguments. For those who watch; the whole
    /// calls are in {@link ModelAnswer#toolCalls}. As {@link #content}.
    ///
    /// @param arguments the next piece of the JSON text, empty when only the name is known yet
    void toolCall(String id, String name, String arguments) throws InterruptedException;

    /// Takes what a tool brought that the service ran itself; as {@link #content}.
    ///
    /// @param id the call's
    void toolResult(String id, String name, String result) throws InterruptedException;

    /// Says, before the first piece, under which name the service keeps this answer: a next attempt gets it as
    /// {@link ModelCall#kept}. It is as durable as the pieces and ahead of them. As {@link #content}.
    ///
    /// @param handle without secrets: it is written where users could read it
    void kept(String handle) throws InterruptedException;

    /// Withdraws what earlier attempts at this call have streamed, because it could not be continued after all: its text
    /// begins anew. As {@link #content}.
    void reset() throws InterruptedException;

    /// Whether the message was cancelled, so that nobody wants the rest: a service that would go on without us should
    /// be told. Not when the process stops or another attempt took over. Any thread.
    default boolean isCancelled() {
        return false;
    }
}
