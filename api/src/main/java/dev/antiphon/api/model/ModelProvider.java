package dev.antiphon.api.model;

import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;

import java.util.List;

/// Answers model calls. One class for each kind of service. A service over HTTP is called with
/// {@link ProviderContext#transport}, which applies the time limits, closes the connection on an interrupt, and makes
/// the failures.
///
/// Thread-safe: many runs call it at the same time.
public interface ModelProvider {

    /// The value of `context.ai_provider` that selects this provider. Constant; no other provider of the worker has it.
    String name();

    /// The models that users can choose from, the default first; empty when only the service knows them. A call can
    /// name other models too. Does not block.
    default List<String> models() {
        return List.of();
    }

    /// What this provider can do. Default: an interrupt stops the service, and a call that was cut off starts again.
    default Capabilities capabilities() {
        return Capabilities.of(Continuation.RESTART, Feature.CANCEL);
    }

    /// Whether small pieces of text can be joined into one chunk, as the tokens of a model can. Default true.
    default boolean joinsPieces() {
        return true;
    }

    /// Streams one answer into `sink`. Blocks the calling virtual thread until the answer is complete.
    ///
    /// @param call the call; its `streamed` and `kept` are set only if {@link #capabilities} says how to continue them
    /// @param sink takes the pieces in order; call it only on the calling thread
    /// @return how the answer ended. A stream that stops without the end mark of the service is a failure, not an end
    /// @throws ProviderFailure when the service refuses the call, fails, or sends nothing for too long
    /// @throws InterruptedException when the run was cancelled or lost. The provider has closed its connection
    ModelAnswer stream(ModelCall call, TokenSink sink) throws ProviderFailure, InterruptedException;

    /// Ends what the service still does for a message that has ended, and removes what it keeps of a session that was
    /// deleted. Any worker can be the one that calls, once for each handle; possibly more than once, and possibly after
    /// the worker of the call has done the same. Blocks a few seconds at most.
    ///
    /// @param left what may be left at the service
    /// @return true when nothing is left; false to be called again later
    /// @throws InterruptedException when the process stops
    default boolean cleanUp(Leftover left) throws InterruptedException {
        return true; // the service stops when its connection closes
    }
}
