package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.RedisSettings;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.RedisCleanups;
import dev.antiphon.backplane.log.RedisSessionLog;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.servers.RedisServer;
import dev.antiphon.time.Time;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/// A worker that finds work which another worker has left at a service, on a real Redis.
final class CleanerTest {

    private static final SessionId SESSION = new SessionId("s1");
    private static final MessageId MESSAGE = new MessageId("m1");
    private static final UserId USER = new UserId("u1");

    /// A service that continues without us, and follows our requests.
    private static final class Service implements ModelProvider {

        private final List<String> ended = new CopyOnWriteArrayList<>();

        @Override
        public String name() {
            return "service";
        }

        @Override
        public List<String> models() {
            return List.of("m");
        }

        @Override
        public Capabilities capabilities() {
            return Capabilities.of(Capabilities.Continuation.REATTACH, Capabilities.Feature.CANCEL);
        }

        @Override
        public boolean joinsPieces() {
            return true;
        }

        @Override
        public ModelAnswer stream(ModelCall call, TokenSink sink) {
            throw new AssertionError("no message is answered here");
        }

        @Override
        public boolean cleanUp(Leftover left) {
            ended.add(left.handle());
            return true;
        }
    }

    private RedisServer server;
    private Redis redis;
    private SessionLog log;

    @BeforeEach
    void open() throws InterruptedException {
        server = RedisServer.start();
        redis =
                Redis.open(
                        new RedisSettings("127.0.0.1", server.port(), null, Duration.ofSeconds(5)));
        log = new RedisSessionLog(redis);
    }

    @AfterEach
    void close() {
        redis.close();
        server.close();
    }

    private static Chunk chunk(int id, String text, @Nullable Completion completion) {
        return new Chunk(
                SESSION, MESSAGE, id, new ChunkBody.Content(text), completion, Instant.EPOCH, "c");
    }

    /// Two branches and a step that ask in sequence, from a worker that has died since.
    private void dieWithHandles(String... handles) {
        done(
                log.accept(
                        new WorkflowRequest(
                                MESSAGE,
                                SESSION,
                                USER,
                                "hi",
                                RequestContext.empty(),
                                null,
                                Instant.EPOCH,
                                "c")));
        Token token = Token.mint();
        Claim claim = done(log.claim(SESSION, Optional.empty(), new WorkerId("dead"), token));
        assertThat(claim).isInstanceOf(Claim.Claimed.class);
        for (int i = 0; i < handles.length; i++) {
            Batch.Addition said = new Batch.Addition(EventName.CHUNK, chunk(i, "x", null).encode());
            done(
                    log.append(
                            new Batch(
                                    SESSION,
                                    MESSAGE,
                                    token,
                                    i,
                                    List.of(said),
                                    List.of(handles[i]),
                                    Batch.Then.CONTINUE)));
        }
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    @Test
    void everythingThatADeadWorkerHasAskedForIsEndedWhenItsMessageIsCancelled() {
        dieWithHandles("left", "right", "next");
        Service service = new Service();
        Counters counters = new Counters();
        try (Cleaner _ =
                Cleaner.open(
                        new RedisCleanups(redis),
                        new Providers(List.of(service), null),
                        Time.system(),
                        counters)) {

            Completion cancelled = new Completion("m", null, Completion.FinishReason.CANCELLED);
            done(log.finish(Optional.of(USER), chunk(0, "", cancelled)));

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> counters.of(Counters.Count.CLEANED_UP) == 1);
        }
        assertThat(service.ended).containsExactly("left", "right", "next");
    }
}
