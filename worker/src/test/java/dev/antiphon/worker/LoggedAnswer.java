package dev.antiphon.worker;

import static java.util.Objects.requireNonNull;

import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.EventName;

import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// Redis' data of the only message of a session, in the log's order.
///
/// @param events the names of the log's entries
record LoggedAnswer(List<String> events, List<Chunk> chunks) {

    static LoggedAnswer of(PlainPeers peers, String session) {
        List<StreamMessage<String, String>> entries =
                peers.redis.sync().xrange("chat:log:" + session, Range.unbounded());
        return new LoggedAnswer(
                entries.stream().map(entry -> field(entry, "e")).toList(),
                entries.stream()
                        .filter(entry -> field(entry, "e").equals(EventName.CHUNK.wire()))
                        .map(entry -> field(entry, "d").getBytes(StandardCharsets.UTF_8))
                        .map(Chunk::decode)
                        .toList());
    }

    private static String field(StreamMessage<String, String> entry, String name) {
        return requireNonNull(entry.getBody().get(name));
    }

    List<Integer> ids() {
        return chunks.stream().map(Chunk::chunkId).toList();
    }

    /// The text as a reader has it.
    String text() {
        AnswerText text = new AnswerText();
        chunks.forEach(chunk -> text.add(chunk.body()));
        return text.toString();
    }

    <T extends ChunkBody> List<T> bodies(Class<T> type) {
        return chunks.stream().map(Chunk::body).filter(type::isInstance).map(type::cast).toList();
    }

    /// The results of tools.
    List<String> results() {
        return bodies(ChunkBody.ToolResult.class).stream()
                .map(ChunkBody.ToolResult::result)
                .toList();
    }

    boolean isParked() {
        return bodies(ChunkBody.Status.class).stream()
                .anyMatch(status -> status.status().equals("interrupt"));
    }
}
