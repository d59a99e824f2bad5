package dev.antiphon.simulation;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.time.Duration;

/// A user who deletes a session at the worst moment: while a survivor, which has read one of its runs from Redis,
/// publishes it again, and before a copy of the request arrives that its client has given up.
final class Erasure {

    /// About as long as a gateway takes from one server to the next.
    private static final long A_MOMENT = Duration.ofMillis(1).toNanos();

    private static final long LATE = Duration.ofSeconds(20).toNanos();

    private final World world;
    private final Scheduler scheduler;
    private final SessionId session;
    private final UserId user;
    private final Asker asker;
    private boolean begun;

    /// @param message kills its worker, so that a survivor publishes it again
    Erasure(World world, SessionId session, UserId user, MessageId message) {
        this.world = world;
        this.scheduler = world.scheduler();
        this.session = session;
        this.user = user;
        this.asker = new Asker(world, session, user, message, true);
        world.nats().beforeRepublishing(this::erase);
    }

    Asker asker() {
        return asker;
    }

    /// As a gateway does it: the queue, then Redis, then the queue again.
    private void erase(SessionId republished) {
        if (begun || !republished.equals(session) || !asker.isDone()) {
            return;
        }
        begun = true;
        world.nats().queue().forget(session);
        scheduler.after(
                scheduler.random().nextLong(A_MOMENT),
                () -> {
                    if (world.redis().erase(session, user)) {
                        world.chronicle().erased(session, scheduler.now());
                    }
                    scheduler.after(
                            scheduler.random().nextLong(A_MOMENT),
                            () -> world.nats().queue().forget(session));
                    if (scheduler.random().nextBoolean()) {
                        scheduler.after(scheduler.random().nextLong(LATE), asker::postCopy);
                    } else if (asker.wasSentOnce()) {
                        world.redis().forgetErased(); // the survivor is that slow
                    }
                });
    }
}
