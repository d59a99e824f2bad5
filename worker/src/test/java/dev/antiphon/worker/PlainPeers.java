package dev.antiphon.worker;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.RedisServer;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Real servers, and peers that know only PROTOCOL.md: a publisher and pods, made of a plain NATS client and a plain
/// Redis client.
@SuppressWarnings("try") // if close is interrupted, the test has failed already
public final class PlainPeers implements AutoCloseable {

    static final ObjectMapper JSON = new JsonMapper();

    /// The user.
    static final UserId USER = new UserId("user1");

    final NatsServer natsServer;
    final RedisServer redisServer = RedisServer.start();
    final Connection nats;
    private final RedisClient redisClient;
    public final StatefulRedisConnection<String, String> redis;

    public PlainPeers() throws Exception {
        this(NatsServer.Options.temporary());
    }

    PlainPeers(NatsServer.Options natsOptions) throws Exception {
        natsServer = NatsServer.start(natsOptions);
        nats = Nats.connect(natsServer.url());
        redisClient = RedisClient.create(redisServer.url());
        redis = redisClient.connect();
    }

    /// The environment of a worker at these servers.
    public Map<String, String> environment() {
        return Map.of(
                "NATS_URL",
                natsServer.url(),
                "REDIS_HOST",
                "127.0.0.1",
                "REDIS_PORT",
                String.valueOf(redisServer.port()),
                "CHAT_DEMO_DELAY",
                "0ms",
                // A test that stops a worker during an answer needs the answer handed over.
                "CHAT_WORKER_GRACE",
                "0s");
    }

    /// A pod that holds one connection of the session.
    public PlainPod pod(String podId, String session) {
        PlainPod pod = new PlainPod();
        nats.createDispatcher(message -> pod.heard.add(JSON.readTree(message.getData())))
                .subscribe("chat.pod." + podId + ".response");
        redis.sync().sadd("session:connections:" + session, podId + ":conn-1");
        redis.sync().expire("session:connections:" + session, 300); // as plain pods do
        try {
            nats.flush(Duration.ofSeconds(5));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return pod;
    }

    /// Requests that wait in the queue or are in progress.
    public long stored() {
        try {
            return nats.jetStreamManagement()
                    .getStreamInfo("CHAT_WORKFLOW")
                    .getStreamState()
                    .getMsgCount();
        } catch (IOException | JetStreamApiException e) {
            throw new IllegalStateException(e);
        }
    }

    public void publish(String session, String json) {
        nats.publish("chat.workflow.execute." + session, json.getBytes(StandardCharsets.UTF_8));
    }

    public void ask(String session, String message, String text) {
        publish(
                session,
                JSON.createObjectNode()
                        .put("message_id", message)
                        .put("session_id", session)
                        .put("user_id", USER.value())
                        .put("message", text)
                        .toString());
    }

    /// Ends a message as our gateway does when its user cancels it.
    public void cancel(SessionId session, MessageId message) throws Exception {
        try (Backplane backplane =
                Backplane.open(
                        BackplaneSettings.from(
                                ModelProviders.environment(environment()), Duration.ofSeconds(5)),
                        "test")) {
            var _ =
                    backplane
                            .log()
                            .finish(Optional.of(USER), cancelled(session, message))
                            .toCompletableFuture()
                            .get(10, TimeUnit.SECONDS);
            backplane.notices().cancelled(session, message);
        }
    }

    /// Deletes a session as our gateway does.
    public void erase(SessionId session) throws Exception {
        try (Backplane backplane =
                Backplane.open(
                        BackplaneSettings.from(
                                ModelProviders.environment(environment()), Duration.ofSeconds(5)),
                        "test")) {
            backplane.queue().forget(session);
            var _ =
                    backplane
                            .conversations()
                            .erase(session, USER)
                            .toCompletableFuture()
                            .get(10, TimeUnit.SECONDS);
        }
    }

    /// The last chunk of a message that was cancelled.
    static Chunk cancelled(SessionId session, MessageId message) {
        return new Chunk(
                session,
                message,
                0,
                new ChunkBody.Content(""),
                new Completion("", null, Completion.FinishReason.CANCELLED),
                Instant.now(),
                "corr_1");
    }

    /// The chunks that a plain pod has received.
    public static final class PlainPod {
        final List<JsonNode> heard = new CopyOnWriteArrayList<>();

        public boolean complete(String message) {
            return chunks(message).stream().anyMatch(chunk -> chunk.get("is_final").asBoolean());
        }

        /// In the order of the log: the rings of two workers can overtake each other on their way to a pod.
        public List<JsonNode> chunks(String message) {
            return heard.stream()
                    .filter(chunk -> chunk.get("message_id").asString().equals(message))
                    .sorted(Comparator.comparingLong(PlainPod::number))
                    .toList();
        }

        /// The number of a chunk's entry in the log.
        static long number(JsonNode chunk) {
            return EntryId.parse(chunk.get("event_id").asString()).number();
        }

        public String text(String message) {
            return chunks(message).stream()
                    .map(chunk -> chunk.get("chunk").asString())
                    .collect(Collectors.joining());
        }
    }

    static String demoAnswer(String message) {
        return "I received your message: '"
                + message
                + "' This is a demo response from the LangGraph workflow service. In a real"
                + " implementation, this would integrate with AI models like GPT-4, Claude, etc. The"
                + " response is being streamed token by token to demonstrate the chunk buffering system.";
    }

    @Override
    public void close() throws Exception {
        nats.close();
        redis.close();
        redisClient.shutdown();
        natsServer.close();
        redisServer.close();
    }
}
