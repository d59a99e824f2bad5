package dev.antiphon.gateway;

import dev.antiphon.protocol.Json;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.nats.client.Connection;
import io.nats.client.Nats;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A pod that knows only PROTOCOL.md sections 1 to 3: it publishes its users' messages, registers its connections in a
/// set that it lets expire after five minutes, and forwards all messages on its subject.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
final class PlainPod implements AutoCloseable {

    private static final long EXPIRE_SECONDS = 300;

    private final String id;
    private final Connection nats;
    private final RedisClient client;
    private final StatefulRedisConnection<String, String> redis;
    private final List<ObjectNode> heard = new CopyOnWriteArrayList<>();

    private PlainPod(String id, String natsUrl, String redisUrl) throws Exception {
        this.id = id;
        nats = Nats.connect(natsUrl);
        client = RedisClient.create(redisUrl);
        redis = client.connect();
        nats.createDispatcher(message -> heard.add(Json.readObject(message.getData())))
                .subscribe("chat.pod." + id + ".response");
        nats.flush(Duration.ofSeconds(5));
    }

    static PlainPod open(String id, String natsUrl, String redisUrl) throws Exception {
        return new PlainPod(id, natsUrl, redisUrl);
    }

    void connect(String session, String connection) {
        redis.sync().sadd("session:connections:" + session, id + ":" + connection);
        redis.sync().expire("session:connections:" + session, EXPIRE_SECONDS);
    }

    void disconnect(String session, String connection) {
        redis.sync().srem("session:connections:" + session, id + ":" + connection);
    }

    /// Seconds until a session's connections expire; -1 when they do not.
    long expiry(String session) {
        return redis.sync().ttl("session:connections:" + session);
    }

    void ask(String session, String message, String text) {
        ObjectNode request = Json.object();
        request.put("message_id", message);
        request.put("session_id", session);
        request.put("user_id", "user1");
        request.put("message", text);
        request.put("timestamp", Instant.now().toString());
        request.put("correlation_id", "corr_" + message);
        nats.publish("chat.workflow.execute." + session, Json.bytes(request));
    }

    /// The text of a message as it arrived; empty until its last chunk is here.
    String text(String message) {
        StringBuilder text = new StringBuilder();
        boolean complete = false;
        for (ObjectNode chunk : heard) {
            if (Json.text(chunk, "message_id").equals(message)) {
                text.append(Json.text(chunk, "chunk"));
                complete |= chunk.get("is_final").asBoolean();
            }
        }
        return complete ? text.toString() : "";
    }

    @Override
    public void close() throws Exception {
        nats.close();
        redis.close();
        client.shutdown();
    }
}
