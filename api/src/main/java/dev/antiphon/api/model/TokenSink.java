package dev.antiphon.api.model;

/// Takes the pieces of a model's answer, in order. Call it only on the thread that called {@link ModelProvider#stream}.
public interface TokenSink {

    /// Takes a piece of the answer's text. Blocks while too much text waits to be written to the log.
    ///
    /// @param text the next piece
    /// @throws InterruptedException when the run was cancelled or another worker took it over: stop
    void content(String text) throws InterruptedException;

    /// Takes a piece of the model's reasoning. Blocks and throws as {@link #content} does.
    void reasoning(String text) throws InterruptedException;

    /// Takes a piece of a tool call, for the user to see. The pieces of one `id`, joined, are its arguments. The run
    /// takes the tool calls themselves from {@link ModelAnswer#toolCalls}. Blocks and throws as {@link #content} does.
    ///
    /// @param id unique within the answer
    /// @param name the name of the tool
    /// @param arguments the next piece of the JSON text; empty when only the name is known so far
    void toolCall(String id, String name, String arguments) throws InterruptedException;

    /// Takes the result of a tool that the service ran itself. Blocks and throws as {@link #content} does.
    ///
    /// @param id of the tool call
    /// @param name the name of the tool
    /// @param result as the service reports it
    void toolResult(String id, String name, String result) throws InterruptedException;

    /// Records, before the first piece, the name under which the service keeps this answer. The next attempt gets it as
    /// {@link ModelCall#kept}. It is as durable as the pieces, and written before them. Blocks and throws as {@link
    /// #content} does.
    ///
    /// @param handle must not contain secrets, because it is written where users can read it
    void kept(String handle) throws InterruptedException;

    /// Withdraws what earlier attempts at this call have streamed, because the answer could not be continued: its text
    /// starts again. Blocks and throws as {@link #content} does.
    void reset() throws InterruptedException;

    /// Whether the user cancelled the message. A service that would continue without a connection must then be stopped.
    /// False when the process stops or another attempt took over. Any thread; does not block.
    default boolean isCancelled() {
        return false;
    }
}
