package dev.antiphon.simulation;

import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.time.Instant;

/// Asks one message: over HTTP until a pod answers 202, or as a plain publisher over NATS. Some cancel it.
final class Asker {

    private static final long TRY_AGAIN_AFTER = 700_000_000;
    private static final long ANSWER_WITHIN = 3_000_000_000L;

    /// The end of the ids of messages that kill the worker which asks the unique model about them.
    static final String DEADLY = "x";

    private final World world;
    private final Scheduler scheduler;
    private final WorkflowRequest request;
    private final Place place;
    private boolean done;
    private int tries;
    private int posted;
    private boolean wasAsked;

    Asker(World world, SessionId session, UserId user, MessageId message, boolean unique) {
        this(world, session, user, message, unique ? world.uniqueProvider() : null);
    }

    /// @param provider null for the default
    Asker(
            World world,
            SessionId session,
            UserId user,
            MessageId message,
            @Nullable String provider) {
        this.world = world;
        this.scheduler = world.scheduler();
        this.place = new Place(session, message);
        this.request =
                new WorkflowRequest(
                        message,
                        session,
                        user,
                        text(place),
                        provider == null
                                ? RequestContext.empty()
                                : RequestContext.of(Json.object().put("ai_provider", provider)),
                        null,
                        Instant.EPOCH,
                        "corr");
    }

    /// The question names its session and message, so that an answer in the wrong place is visible.
    static String text(Place place) {
        return place.session() + " " + place.message();
    }

    static Place placeIn(String text) {
        int space = text.indexOf(' ');
        return new Place(
                new SessionId(text.substring(0, space)), new MessageId(text.substring(space + 1)));
    }

    static boolean isDeadly(Place place) {
        return place.message().value().endsWith(DEADLY);
    }

    boolean isDone() {
        return done;
    }

    void post() {
        if (done) {
            return;
        }
        SimPod pod = world.anyPod();
        if (pod == null) {
            scheduler.after(TRY_AGAIN_AFTER, this::post);
            return;
        }
        tries++;
        posted++;
        int thisTry = tries;
        scheduler.after(
                ANSWER_WITHIN,
                () -> {
                    if (thisTry == tries) {
                        post();
                    }
                });
        pod.post(request, answer -> scheduler.after(1_000_000, () -> answered(thisTry, answer)));
    }

    private void answered(int thisTry, SimPod.Posted answer) {
        if (done || thisTry != tries) {
            return;
        }
        switch (answer) {
            case ACCEPTED -> {
                world.chronicle().accepted(place);
                done = true;
                tries++;
                if (RemoteProvider.asks(place)) {
                    answer();
                }
            }
            case TRY_AGAIN -> {
                tries++;
                scheduler.after(TRY_AGAIN_AFTER, this::post);
            }
            case REFUSED -> {
                done = true;
                tries++;
                if (world.chronicle().of(Chronicle.Count.LOSS) == 0) {
                    world.chronicle().violated("I6", place.message() + " was refused");
                }
            }
        }
    }

    /// Answers the questions of the message's run, as often as necessary: Redis can lose the answer or its effects.
    private void answer() {
        ModelSession.Run run = world.redis().run(place.session(), place.message());
        boolean waits =
                run == null
                        ? world.rows().row(place) != null
                        : run.status == ModelSession.Status.PARKED;
        if (waits && !wasAsked) {
            wasAsked = true;
            world.goodMomentToLoseRedis();
        } else if (wasAsked && (run == null || !run.hasEnded())) {
            SimPod pod = world.anyPod();
            if (pod != null) {
                pod.resume(request, RemoteProvider.ANSWER);
                world.goodMomentToLoseRedis();
            }
        }
        scheduler.after(scheduler.random().nextLong(500_000_000, 4_000_000_000L), this::answer);
    }

    /// Publishes as others do: without asking the log, without an id against duplicates.
    void publishPlain() {
        if (!world.nats().isUp()) {
            scheduler.after(TRY_AGAIN_AFTER, this::publishPlain);
            return;
        }
        world.nats().publish(null, Subjects.execute(place.session()), request.encode(), false);
        if (RemoteProvider.asks(place)) {
            answer();
        }
        if (world.nats().hasJetStream()) { // else one worker received it, or none
            world.chronicle().stored(request);
            world.chronicle().accepted(place);
        }
        done = true;
    }

    /// Whether no copy of an accepted request can still arrive.
    boolean wasSentOnce() {
        return done && posted == 1;
    }

    /// A copy that its client has given up arrives.
    void postCopy() {
        SimPod pod = world.anyPod();
        if (pod != null) {
            pod.post(request, _ -> {});
        }
    }

    /// Sends the same request again, as a retrying publisher does.
    void publishCopy() {
        if (world.nats().isUp()) {
            world.nats().publish(null, Subjects.execute(place.session()), request.encode(), false);
        }
    }

    void cancel() {
        SimPod pod = world.anyPod();
        if (pod == null) {
            return;
        }
        pod.cancel(
                request,
                done -> {
                    if (!done) {
                        scheduler.after(TRY_AGAIN_AFTER, this::cancel);
                    }
                });
    }
}
