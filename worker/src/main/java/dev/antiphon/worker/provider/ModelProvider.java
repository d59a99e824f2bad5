package dev.antiphon.worker.provider;

/// Answers model calls: one class for each kind of service.
///
/// Called from many runs at once.
public interface ModelProvider {

    /// What `context.ai_provider` says to choose it.
    String name();

    /// How a call that another attempt left half-streamed is continued.
    Continuation continuation();

    /// Whether small pieces of text may be joined into one chunk. Tokens of a model may; the demo's
    /// chunks are part of the contract.
    boolean joinsPieces();

    /// Streams one answer into `sink`. Blocks its virtual thread until the answer is complete.
    ///
    /// @return how it ended; a stream that stops without the service's end marker is a failure, not an end
    /// @throws ProviderFailure when the service refuses, fails or falls silent
    /// @throws InterruptedException when the run was cancelled or lost: the connection is closed at once
    ModelAnswer stream(ModelCall call, TokenSink sink) throws ProviderFailure, InterruptedException;

    /// What a provider can do with a half-streamed answer.
    enum Continuation {
        /// The same call gives the same text: it begins after {@link ModelCall#streamed}.
        REPLAY,
        /// The text is withdrawn by a `reset` chunk and the call begins anew.
        RESTART
    }
}
