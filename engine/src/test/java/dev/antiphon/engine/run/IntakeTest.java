package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.RedisSettings;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.providers.DemoProvider;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.RedisServer;
import dev.antiphon.time.Time;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/// Which deliveries of the queue are accepted, on real servers.
final class IntakeTest {

    private static final SessionId SESSION = new SessionId("s1");

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private static WorkflowRequest request(String message) {
        return new WorkflowRequest(
                new MessageId(message),
                SESSION,
                new UserId("u1"),
                "hi",
                RequestContext.empty(),
                null,
                Instant.EPOCH,
                "c");
    }

    private static Delivery delivered(Backplane backplane, WorkflowRequest request)
            throws InterruptedException {
        var _ = done(backplane.queue().publish(request).thenApply(_ -> true));
        return next(backplane);
    }

    private static Delivery next(Backplane backplane) throws InterruptedException {
        List<Delivery> deliveries = new ArrayList<>();
        while (deliveries.isEmpty()) {
            backplane.queue().pull(1, Duration.ofSeconds(5), deliveries::add);
        }
        return deliveries.getFirst();
    }

    private static Backplane open(NatsServer nats, RedisServer redis) throws InterruptedException {
        RedisSettings settings =
                new RedisSettings("127.0.0.1", redis.port(), null, Duration.ofSeconds(5));
        return Backplane.open(new BackplaneSettings(nats.url(), settings), "test");
    }

    private static Intake intake(Backplane backplane) {
        return new Intake(
                backplane.log(),
                backplane.notices(),
                backplane.queue(),
                Time.system(),
                new Counters(),
                new Providers(List.of(new DemoProvider(Duration.ZERO, 3, Time.system())), null));
    }

    /// A worker had the request when its user deleted the session.
    @Test
    void aRequestThatWasWithdrawnAfterItsDeliveryIsNotTakenIn() throws Exception {
        try (NatsServer nats = NatsServer.start();
                RedisServer redis = RedisServer.start();
                Backplane backplane = open(nats, redis)) {
            Intake intake = intake(backplane);
            WorkflowRequest first = request("m1");
            Delivery withdrawn = delivered(backplane, first);
            backplane.queue().forget(SESSION);

            assertThat(intake.accept(first, withdrawn)).isFalse();
            assertThat(intake.takeTurn(first, withdrawn)).isFalse();
            assertThat(done(backplane.log().tail(SESSION))).isEmpty();

            WorkflowRequest second = request("m2");
            assertThat(intake.accept(second, delivered(backplane, second))).isTrue();
            assertThat(done(backplane.log().tail(SESSION))).isPresent();
        }
    }

    /// A survivor had read it from Redis, and its user deleted the session before it was published again.
    @Test
    void aRequestThatIsPublishedAgainIsNeverTakenIn() throws Exception {
        try (NatsServer nats = NatsServer.start();
                RedisServer redis = RedisServer.start();
                Backplane backplane = open(nats, redis)) {
            Intake intake = intake(backplane);
            WorkflowRequest first = request("m1");
            var _ = done(backplane.queue().publishAgain(first, "r1").thenApply(_ -> true));
            Delivery again = next(backplane);

            assertThat(intake.accept(first, again)).isFalse();
            assertThat(intake.takeTurn(first, again)).isFalse();
            assertThat(intake.isOurs(first, again)).isFalse();

            // Not even because of a request that was stored after it.
            var _ = done(backplane.queue().publishAgain(first, "r2").thenApply(_ -> true));
            WorkflowRequest second = request("m2");
            var _ = done(backplane.queue().publish(second).thenApply(_ -> true));
            var _ = next(backplane);
            assertThat(intake.accept(second, next(backplane))).isTrue();
            assertThat(done(backplane.log().request(SESSION, first.messageId()))).isEmpty();
            assertThat(done(backplane.log().request(SESSION, second.messageId()))).isPresent();
        }
    }
}
