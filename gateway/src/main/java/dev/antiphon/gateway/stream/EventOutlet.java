package dev.antiphon.gateway.stream;

/// One client's stream of one session as a subscriber sees it. All methods are called on the loop.
///
/// An interface because the gateway's is an HTTP response, while tests and the simulation write into memory.
public interface EventOutlet {

    /// Sends bytes, after earlier ones. When they have left and {@link #writable} was false meanwhile, the outlet calls
    /// {@link Subscriber#drained}.
    ///
    /// @param bytes never modified afterwards, by either side; several outlets can get the same array
    void write(byte[] bytes);

    /// True when no bytes wait in this process. A subscriber that writes only then has at most one write in progress,
    /// so the size of that write bounds the cost of a reader that has stopped.
    boolean writable();

    /// How many bytes wait in this process; shrinks while the client reads, however slowly.
    long bytesWaiting();

    /// Ends the stream in good order, after all bytes. A second call does nothing.
    void end();

    /// Sends a last event with the reason why the session has no more events, and ends its stream.
    default void refuse(byte[] event) {
        write(event);
        end();
    }

    /// Closes the connection now, whatever waits. For a client that does not read.
    void abort();
}
