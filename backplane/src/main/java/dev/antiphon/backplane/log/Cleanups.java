package dev.antiphon.backplane.log;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// Work and data that services might still have for messages and sessions that ended here without a worker that could
/// tell the service. The script that ends such a message or session leaves a clean-up. Any worker takes it, and another
/// worker takes it when it is not done in time.
///
/// At most 10,000 wait; further ones are left out and counted. Each is tried ten times over about an hour.
///
/// As {@link SessionLog}: nothing blocks, calls can be repeated.
public interface Cleanups {

    /// Takes a clean-up that is due. Until it is {@link #done}, it is due again after 30 s, and later after twice as
    /// long each time, up to 10 min.
    CompletionStage<Taken> take();

    /// Removes a clean-up that is done.
    CompletionStage<Void> done(Cleanup cleanup);

    /// The result of taking.
    ///
    /// @param leftOut how many clean-ups found no room since the last time
    record Taken(Optional<Cleanup> cleanup, long leftOut) {}

    /// One clean-up.
    ///
    /// @param incarnation the session's, when it ended
    /// @param message the message that its service might still be working on; null for none
    /// @param whole whether the session was deleted, so that no service may keep anything of it
    /// @param provider as the message's request named it; empty when the request named none
    /// @param handles where the service keeps what the message has requested, oldest first; empty when the log does
    ///     not know
    /// @param tries this one included
    /// @param givenUp whether it was tried too often: it is already removed
    record Cleanup(
            String id,
            SessionId session,
            String incarnation,
            @Nullable MessageId message,
            boolean whole,
            String provider,
            List<String> handles,
            int tries,
            boolean givenUp) {

        public Cleanup {
            handles = List.copyOf(handles);
        }
    }
}
