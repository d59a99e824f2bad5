package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// One session, used as gateways and workers use it.
public final class Chat {

    public static final SessionId SESSION = new SessionId("s1");
    public static final UserId USER = new UserId("u1");

    private final RealRedis redis;
    private final RedisSessionLog log;

    public Chat(RealRedis redis) {
        this(redis, new Admission(Optional.empty()));
    }

    /// @param admission decides who may enter the session
    public Chat(RealRedis redis, Admission admission) {
        this.redis = redis;
        this.log =
                new RedisSessionLog(
                        redis.redis(), admission, Retention.USUAL, BackplaneSettings.KEEP_PARKED);
    }

    public SessionLog log() {
        return log;
    }

    // Questions

    public static WorkflowRequest request(UserId user, String message, String text) {
        return new WorkflowRequest(
                new MessageId(message),
                SESSION,
                user,
                text,
                RequestContext.empty(),
                null,
                Instant.parse("2025-11-18T20:30:00Z"),
                "c-" + message);
    }

    /// A message that follows `parent`; a message that follows itself begins the conversation again.
    public static WorkflowRequest following(String parent, String message, String text) {
        return new WorkflowRequest(
                new MessageId(message),
                SESSION,
                USER,
                text,
                RequestContext.empty(),
                new MessageId(parent),
                Instant.parse("2025-11-18T20:30:00Z"),
                "c-" + message);
    }

    public static WorkflowRequest request(String message) {
        return request(USER, message, "hi");
    }

    public Accept ask(String message) {
        return ask(request(message));
    }

    public Accept ask(WorkflowRequest request) {
        return answer(log.accept(request));
    }

    // Workers

    public void lives(String worker) {
        redis.commands().set(Keys.lease(new WorkerId(worker)), "1");
    }

    public void dies(String worker) {
        redis.commands().del(Keys.lease(new WorkerId(worker)));
    }

    public Claim claim(String worker, Token token) {
        return claim(null, worker, token);
    }

    public Claim claim(@Nullable String delivered, String worker, Token token) {
        return answer(
                log.claim(
                        SESSION,
                        Optional.ofNullable(delivered).map(MessageId::new),
                        new WorkerId(worker),
                        token));
    }

    /// Claims, and expects to get the session's oldest message.
    public Claim.Claimed claimed(String worker) {
        lives(worker);
        Claim claim = claim(worker, Token.mint());
        assertThat(claim).isInstanceOf(Claim.Claimed.class);
        return (Claim.Claimed) claim;
    }

    // Answers

    public static Chunk chunk(String message, int chunkId, String text, @Nullable Completion end) {
        return new Chunk(
                SESSION,
                new MessageId(message),
                chunkId,
                new ChunkBody.Content(text),
                end,
                Instant.parse("2025-11-18T20:30:05Z"),
                "c-" + message);
    }

    /// A batch of one content chunk for each text, beginning with `firstChunk`.
    public static Batch batch(String message, Token token, int firstChunk, String... texts) {
        List<Batch.Addition> additions = new ArrayList<>();
        for (int i = 0; i < texts.length; i++) {
            additions.add(
                    new Batch.Addition(
                            EventName.CHUNK,
                            chunk(message, firstChunk + i, texts[i], null).encode()));
        }
        return new Batch(
                SESSION, new MessageId(message), token, firstChunk, additions, Batch.Then.CONTINUE);
    }

    /// The batch that ends the message with `text`.
    public static Batch last(String message, Token token, int chunkId, String text) {
        Completion stop = new Completion("m", 1, FinishReason.STOP);
        return new Batch(
                SESSION,
                new MessageId(message),
                token,
                chunkId,
                Batch.End.of(chunk(message, chunkId, text, stop)).additions(),
                Batch.Then.END);
    }

    public Append append(Batch batch) {
        return answer(log.append(batch));
    }

    /// Asks, claims and ends a message.
    public void converse(String message) {
        assertThat(ask(message)).isInstanceOf(Accept.Accepted.class);
        converseWith(message);
    }

    /// Claims and ends a message that was already asked.
    public void converseWith(String message) {
        Token token = claimed("w1").token();
        assertThat(append(last(message, token, 0, "done"))).isInstanceOf(Append.Appended.class);
    }

    // The log

    public EntryId tail() {
        return answer(log.tail(SESSION)).orElseThrow();
    }

    public EntryId start() {
        return EntryId.start(tail().generation());
    }

    public Slice read(EntryId after, int most) {
        return answer(log.read(SESSION, after, most));
    }

    /// All entries of the log; also checks their numbers and hashes.
    public List<Entry> entries() {
        EntryId at = start();
        List<Entry> entries = ((Slice.Entries) read(at, 100_000)).entries();
        for (Entry entry : entries) {
            at = at.next(entry.event(), entry.data());
            assertThat(entry.id()).isEqualTo(at);
        }
        assertThat(tail()).isEqualTo(at);
        return entries;
    }

    /// The log in short form: `message m1`, `m1/0 text`, `message_complete m1`.
    public List<String> transcript() {
        return entries().stream().map(Chat::shown).toList();
    }

    public static String shown(Entry entry) {
        return switch (entry.event()) {
            case CHUNK -> {
                Chunk chunk = Chunk.decode(entry.data());
                String says =
                        chunk.body() instanceof ChunkBody.Content(String text)
                                ? text
                                : chunk.body().type();
                yield chunk.messageId() + "/" + chunk.chunkId() + " " + says;
            }
            case MESSAGE, MESSAGE_COMPLETE ->
                    entry.event().wire()
                            + " "
                            + Json.readObject(entry.data()).get("message_id").stringValue();
            case CONNECTED, STATUS, RESYNC, REFUSED, SESSION, LIST ->
                    throw new AssertionError("not in a log: " + entry);
        };
    }

    // Stored data

    public String meta(String field) {
        return String.valueOf(redis.commands().hget(Keys.meta(SESSION), field));
    }

    /// The incarnation in a claim.
    public String incarnation() {
        return meta("incarnation");
    }

    public String run(String message, String field) {
        return String.valueOf(
                redis.commands().hget(Keys.run(SESSION, new MessageId(message)), field));
    }

    public List<String> waiting() {
        return redis.commands().zrange(Keys.waiting(SESSION), 0, -1);
    }

    public List<String> open() {
        return redis.commands().zrange(Keys.OPEN, 0, -1);
    }

    public Set<String> working(String worker) {
        return redis.commands().smembers(Keys.working(new WorkerId(worker)));
    }

    /// Connects a browser to a pod, in the way that pods register it.
    public void connect(String member) {
        redis.commands().sadd(Keys.connections(SESSION), member);
    }

    public void disconnectAll() {
        redis.commands().del(Keys.connections(SESSION));
    }
}
