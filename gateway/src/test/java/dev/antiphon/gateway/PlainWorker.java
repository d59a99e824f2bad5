package dev.antiphon.gateway;

import dev.antiphon.protocol.Json;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.Nats;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/// A worker that knows only PROTOCOL.md sections 1 to 3: it takes each request from the queue group, asks Redis for the
/// connections before each chunk, and publishes three words at a time to each pod, or to the session's broadcast when
/// there are no connections.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
final class PlainWorker implements AutoCloseable {

    static final int WORDS = 3;

    private final Connection nats;
    private final RedisClient client;
    private final StatefulRedisConnection<String, String> redis;

    private PlainWorker(String natsUrl, String redisUrl) throws Exception {
        nats = Nats.connect(natsUrl);
        client = RedisClient.create(redisUrl);
        redis = client.connect();
        nats.createDispatcher(this::answer)
                .subscribe("chat.workflow.execute.*", "workflow-service");
        nats.flush(Duration.ofSeconds(5));
    }

    static PlainWorker open(String natsUrl, String redisUrl) throws Exception {
        return new PlainWorker(natsUrl, redisUrl);
    }

    /// Its answer.
    static String text(String message) {
        return "I received your message: '" + message + "' and this is what a plain worker says";
    }

    private void answer(Message message) {
        ObjectNode request = Json.readObject(message.getData());
        String session = Json.text(request, "session_id");
        List<String> pieces = pieces(text(Json.text(request, "message")));
        for (int id = 0; id < pieces.size(); id++) {
            ObjectNode chunk = Json.object();
            chunk.put("session_id", session);
            chunk.put("message_id", Json.text(request, "message_id"));
            chunk.put("chunk_id", id);
            chunk.put("chunk", pieces.get(id));
            chunk.put("chunk_type", "content");
            chunk.put("is_final", id == pieces.size() - 1);
            chunk.put("timestamp", Instant.now().toString());
            chunk.put("correlation_id", Json.text(request, "correlation_id"));
            if (id == pieces.size() - 1) {
                chunk.putObject("metadata")
                        .put("model", "demo-gpt")
                        .put("tokens_used", 42)
                        .put("finish_reason", "stop");
            }
            publish(session, Json.bytes(chunk));
        }
    }

    private static List<String> pieces(String text) {
        List<String> words = List.of(text.split(" "));
        List<String> pieces = new ArrayList<>();
        for (int from = 0; from < words.size(); from += WORDS) {
            int to = Math.min(words.size(), from + WORDS);
            pieces.add(String.join(" ", words.subList(from, to)) + (to == words.size() ? "" : " "));
        }
        return pieces;
    }

    private void publish(String session, byte[] chunk) {
        TreeSet<String> pods = new TreeSet<>();
        for (String member : redis.sync().smembers("session:connections:" + session)) {
            pods.add(member.substring(0, member.lastIndexOf(':')));
        }
        if (pods.isEmpty()) {
            nats.publish("chat.session." + session + ".broadcast", chunk);
        }
        pods.forEach(pod -> nats.publish("chat.pod." + pod + ".response", chunk));
    }

    @Override
    public void close() throws Exception {
        nats.close();
        redis.close();
        client.shutdown();
    }
}
