package dev.antiphon.gateway.stream;

/// One client's stream of one session as a subscriber sees it. All methods are called on the loop.
///
/// A seam: the gateway's is an HTTP response, tests and the simulation write into memory.
public interface Outlet {

    /// Hands bytes over to be sent, after those handed over before. When they have left and {@link #writable} was
    /// false meanwhile, the outlet calls {@link Subscriber#drained}.
    ///
    /// @param bytes never modified afterwards, by either side; several outlets may be given the same array
    void write(byte[] bytes);

    /// True when nothing that was handed over still waits in this process. Whoever writes only then has at most one
    /// write under way, so what a reader that stands still costs is bounded by the size of that write.
    boolean writable();

    /// How many bytes wait in this process; falls while the client reads, however slowly.
    long bytesWaiting();

    /// Ends the stream in good order, after what was handed over. Doing so twice is fine.
    void end();

    /// Sends a last event that says why there is nothing more of the session, and ends what was its stream.
    default void refuse(byte[] event) {
        write(event);
        end();
    }

    /// Closes the connection now, whatever waits. For a client that does not read.
    void abort();
}
