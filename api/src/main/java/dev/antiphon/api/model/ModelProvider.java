package dev.antiphon.api.model;

import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;

import java.util.List;

/// Answers model calls: one class for each kind of service.
///
/// Called from many runs at once.
public interface ModelProvider {

    /// What `context.ai_provider` says to choose it.
    String name();

    /// The models that are offered to users, the default first; empty when only the service knows. Others may be named
    /// in a call all the same. Does not block.
    default List<String> models() {
        return List.of();
    }

    /// Default: an interrupt reaches the service, and a call that was cut off begins again.
    default Capabilities capabilities() {
        return Capabilities.of(Continuation.RESTART, Feature.CANCEL);
    }

    /// Whether small pieces of text may be joined into one chunk, as tokens of a model may. Default true.
    default boolean joinsPieces() {
        return true;
    }

    /// Streams one answer into `sink`. Blocks its virtual thread until the answer is complete.
    ///
    /// @return how it ended; a stream that stops without the service's end marker is a failure, not an end
    /// @throws ProviderFailure when the service refuses, fails or falls silent
    /// @throws InterruptedException when the run was cancelled or lost: the connection is closed at once
    ModelAnswer stream(ModelCall call, TokenSink sink) throws ProviderFailure, InterruptedException;

    /// Ends what the service may still do for a message that has ended, and removes what it keeps of a session that was
    /// deleted. Asked of any worker, once for each handle, possibly more than once and after the call's own worker has done it. Blocks for a few
    /// seconds at most.
    ///
    /// @return whether nothing is left; false asks to be called again later
    /// @throws InterruptedException when the process stops
    default boolean cleanUp(Leftover left) throws InterruptedException {
        return true; // a service that ends with its connection leaves nothing
    }
}
