package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import tools.jackson.databind.node.ArrayNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The session log in Redis. Each operation is one script; this class only passes arguments in and reads answers.
public final class RedisSessionLog implements SessionLog {

    /// Messages that can wait in one session. A person never sends more, and a program gets a clear 429.
    static final int MAX_WAITING = 20;

    /// Refused messages that a session's log shows between two of its own answers. Strangers can send them.
    static final int MAX_REFUSED = 100;

    /// Attempts of one run: a request that has killed this many workers will kill the next.
    static final int MAX_ATTEMPTS = 5;

    private static final int MAX_READ_BYTES = 256 * 1024;

    /// How long a run waits for its user, unless the operator sets another time.
    public static final Duration KEEP_PARKED = BackplaneSettings.KEEP_PARKED;

    /// The maximum size of a run's record of its finished steps.
    public static final int MAX_CHECKPOINT_BYTES = 1 << 20;

    /// The statuses of a run that needs no worker.
    private static final Set<String> AT_REST = Set.of("done", "refused", "parked");

    private static final Script ACCEPT =
            Script.load(
                    RedisSessionLog.class, "owner.lua", "looks.lua", "entries.lua", "accept.lua");
    private static final Script CLAIM =
            Script.load(
                    RedisSessionLog.class, "owner.lua", "looks.lua", "entries.lua", "claim.lua");
    private static final Script APPEND =
            Script.load(
                    RedisSessionLog.class, "looks.lua", "entries.lua", "cleanup.lua", "append.lua");
    private static final Script REFUSE =
            Script.load(RedisSessionLog.class, "looks.lua", "entries.lua", "refuse.lua");
    private static final Script FINISH =
            Script.load(
                    RedisSessionLog.class, "looks.lua", "entries.lua", "cleanup.lua", "finish.lua");
    private static final Script CHECKPOINT = Script.load(RedisSessionLog.class, "checkpoint.lua");
    private static final Script RESUME =
            Script.load(RedisSessionLog.class, "looks.lua", "entries.lua", "resume.lua");
    private static final Script RELEASE =
            Script.load(RedisSessionLog.class, "looks.lua", "release.lua");
    private static final Script WORK_STATE = Script.load(RedisSessionLog.class, "work_state.lua");
    private static final Script READ =
            Script.load(RedisSessionLog.class, "looks.lua", "entries.lua", "read.lua");

    private final Redis redis;
    private final Admission admission;
    private final Retention keep;
    private final Duration keepParked;

    /// @param admission decides who may enter a session
    /// @param keepParked how long a run waits for its user
    public RedisSessionLog(Redis redis, Admission admission, Retention keep, Duration keepParked) {
        this.redis = redis;
        this.admission = admission;
        this.keep = keep;
        this.keepParked = keepParked;
    }

    /// For a system whose conversations are in Redis alone, with the default retention.
    public RedisSessionLog(Redis redis) {
        this(redis, new Admission(Optional.empty()), Retention.USUAL, KEEP_PARKED);
    }

    @Override
    public CompletionStage<Accept> accept(WorkflowRequest request) {
        SessionId session = request.sessionId();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, request.messageId()),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.connections(session),
            Keys.runs(session),
            Keys.history(session),
            Keys.turns(session)
        };
        // First in the pipeline, so that every unfinished message is in the user's list of
        // active sessions.
        return ActiveSessions.note(redis, request.userId(), session, keepParked.plus(keep.log()))
                .thenCombine(
                        admission.enter(session, word -> accept(request, keys, word)),
                        (_, answer) -> accepted(answer));
    }

    private CompletionStage<List<Object>> accept(
            WorkflowRequest request, String[] keys, Admission.Word word) {
        MessageId parent = request.parentId();
        return redis.call(
                ACCEPT,
                keys,
                bytes(request.sessionId().value()),
                bytes(request.messageId().value()),
                bytes(request.userId().value()),
                request.encode(),
                bytes(request.digest()),
                request.messageEventUpToParent(),
                bytes(Generation.draw()),
                bytes(MAX_WAITING),
                bytes(parent == null ? "" : parent.value()),
                bytes(word.owner()),
                bytes(word.latest()),
                bytes(word.incarnation()));
    }

    private static Accept accepted(List<Object> answer) {
        return switch (text(answer.getFirst())) {
            case "ACCEPTED" ->
                    new Accept.Accepted(
                            new Entry(
                                    id(number(answer.get(1)), number(answer.get(2)), answer.get(3)),
                                    EventName.MESSAGE,
                                    (byte[]) answer.get(6)),
                            Members.pods(list(answer.get(5))),
                            (int) number(answer.get(4)));
            case "DUPLICATE" -> new Accept.Duplicate();
            case "CONFLICT" -> new Accept.Conflict();
            case "FOREIGN" -> new Accept.Foreign();
            case "FULL" -> new Accept.Full();
            default -> throw unexpected(answer);
        };
    }

    @Override
    public CompletionStage<Claim> claim(
            SessionId session, Optional<MessageId> delivered, WorkerId worker, Token token) {
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.runs(session),
            Keys.history(session),
            Keys.turns(session)
        };
        return redis.call(
                        CLAIM,
                        keys,
                        bytes(session.value()),
                        bytes(delivered.map(MessageId::value).orElse("")),
                        bytes(worker.value()),
                        bytes(token.value()),
                        bytes(Keys.runPrefix(session)),
                        bytes(Keys.LEASE_PREFIX),
                        bytes(Keys.WORKING_PREFIX),
                        bytes(MAX_ATTEMPTS),
                        bytes(Generation.draw()))
                .thenCompose(answer ->
                        text(answer.getFirst()).equals("OK")
                                ? claimed(answer, token)
                                : CompletableFuture.completedStage(notClaimed(answer)));
    }

    private static Claim notClaimed(List<Object> answer) {
        return switch (text(answer.getFirst())) {
            case "PARKED" -> new Claim.Parked(new MessageId(text(answer.get(1))));
            case "POISON" -> new Claim.Poison(WorkflowRequest.decodeStored((byte[]) answer.get(2)));
            case "BUSY" -> new Claim.Busy();
            case "IDLE" -> new Claim.Idle();
            case "UNKNOWN" -> new Claim.Unknown();
            default -> throw unexpected(answer);
        };
    }

    private CompletionStage<Claim> claimed(List<Object> answer, Token token) {
        WorkflowRequest request = WorkflowRequest.decodeStored((byte[]) answer.get(2));
        List<byte[]> streamed = new ArrayList<>();
        return LoggedChunks.read(
                        redis,
                        request.sessionId(),
                        request.messageId(),
                        number(answer.get(5)),
                        number(answer.get(6)),
                        streamed)
                .thenApply(_ ->
                        new Claim.Claimed(
                                request,
                                token,
                                (int) number(answer.get(3)),
                                (int) number(answer.get(4)),
                                streamed,
                                text(answer.get(7)),
                                list(answer.get(8)).stream().map(Redis::text).toList(),
                                text(answer.get(9))));
    }

    @Override
    public CompletionStage<Append> append(Batch batch) {
        SessionId session = batch.session();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, batch.message()),
            Keys.connections(session),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.runs(session),
            Keys.UNSETTLED,
            Keys.tools(session, batch.message()),
            Keys.CLEANUPS,
            Keys.CLEANUP_DETAILS
        };
        List<byte[]> arguments = new ArrayList<>(12 + 2 * batch.additions().size());
        arguments.add(bytes(session.value()));
        arguments.add(bytes(batch.message().value()));
        arguments.add(bytes(batch.token().value()));
        arguments.add(bytes(batch.firstChunk()));
        arguments.add(bytes(batch.chunks()));
        arguments.add(bytes(batch.then().name()));
        arguments.add(bytes(Keys.WORKING_PREFIX));
        arguments.add(bytes(keep.log().toSeconds()));
        arguments.add(bytes(keep.owner().toSeconds()));
        arguments.add(bytes(keepParked.toMillis()));
        arguments.add(handles(batch));
        arguments.add(bytes(Keys.LEASE_PREFIX));
        for (Batch.Addition addition : batch.additions()) {
            arguments.add(bytes(addition.event().wire()));
            arguments.add(addition.data());
        }
        return redis.call(APPEND, keys, arguments.toArray(byte[][]::new))
                .thenApply(answer -> appended(answer, batch));
    }

    private static byte[] handles(Batch batch) {
        if (batch.handles().isEmpty()) {
            return bytes("");
        }
        ArrayNode handles = Json.array();
        batch.handles().forEach(handles::add);
        return Json.bytes(handles);
    }

    private static Append appended(List<Object> answer, Batch batch) {
        return switch (text(answer.getFirst())) {
            case "OK" ->
                    new Append.Appended(
                            added(answer, batch.additions()), Members.pods(list(answer.get(4))));
            case "FENCED" -> new Append.Fenced();
            case "SEQ" -> new Append.OutOfSequence((int) number(answer.get(1)));
            default -> throw unexpected(answer);
        };
    }

    /// The entries behind the answer `OK gen first {hashes}`.
    private static List<Entry> added(List<Object> answer, List<Batch.Addition> additions) {
        return entries(
                number(answer.get(1)), number(answer.get(2)), list(answer.get(3)), additions);
    }

    private static List<Entry> entries(
            long generation, long first, List<Object> hashes, List<Batch.Addition> additions) {
        List<Entry> entries = new ArrayList<>(hashes.size());
        for (int i = 0; i < hashes.size(); i++) {
            Batch.Addition addition = additions.get(i);
            entries.add(
                    new Entry(
                            id(generation, first + i, hashes.get(i)),
                            addition.event(),
                            addition.data()));
        }
        return entries;
    }

    @Override
    public CompletionStage<Refuse> refuse(SessionId session, MessageId message, Batch.End end) {
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, message),
            Keys.connections(session),
            Keys.runs(session)
        };
        return redis.call(
                        REFUSE,
                        keys,
                        end.chunk(),
                        end.complete(),
                        bytes(keep.log().toSeconds()),
                        bytes(MAX_REFUSED),
                        bytes(message.value()))
                .thenApply(answer ->
                        text(answer.getFirst()).equals("KNOWN")
                                ? new Refuse.Known()
                                : new Refuse.Refused(
                                        added(answer, end.additions()),
                                        Members.pods(list(answer.get(4)))));
    }

    @Override
    public CompletionStage<Finish> finish(Optional<UserId> user, Chunk last) {
        SessionId session = last.sessionId();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, last.messageId()),
            Keys.connections(session),
            Keys.waiting(session),
            Keys.OPEN,
            Keys.runs(session),
            Keys.UNSETTLED,
            Keys.CLEANUPS,
            Keys.CLEANUP_DETAILS
        };
        Chunk.Halves halves = last.encodeAroundChunkId();
        byte[] complete = Batch.End.of(last).complete();
        return redis.call(
                        FINISH,
                        keys,
                        bytes(session.value()),
                        bytes(last.messageId().value()),
                        bytes(user.map(UserId::value).orElse("")),
                        halves.before(),
                        halves.after(),
                        complete,
                        bytes(Keys.WORKING_PREFIX),
                        bytes(keep.log().toSeconds()),
                        bytes(keep.owner().toSeconds()),
                        bytes(Keys.LEASE_PREFIX))
                .thenApply(answer -> finished(answer, halves, complete));
    }

    private static Finish finished(List<Object> answer, Chunk.Halves halves, byte[] complete) {
        return switch (text(answer.getFirst())) {
            case "OK" -> {
                byte[] chunk = halves.with((int) number(answer.get(3)));
                List<Batch.Addition> additions = new Batch.End(chunk, complete).additions();
                List<Object> hashes = list(answer.get(4));
                yield new Finish.Finished(
                        entries(number(answer.get(1)), number(answer.get(2)), hashes, additions),
                        Members.pods(list(answer.get(5))));
            }
            case "ENDED" -> new Finish.Ended();
            case "UNKNOWN" -> new Finish.Unknown();
            default -> throw unexpected(answer);
        };
    }

    @Override
    public CompletionStage<Boolean> checkpoint(
            SessionId session, MessageId message, Token token, int chunks, String checkpoint) {
        String[] keys = {Keys.meta(session), Keys.run(session, message)};
        byte[] data = bytes(checkpoint);
        if (data.length > MAX_CHECKPOINT_BYTES) {
            throw new IllegalArgumentException(
                    "a checkpoint of " + data.length + " bytes is over " + MAX_CHECKPOINT_BYTES);
        }
        return redis.call(
                        CHECKPOINT,
                        keys,
                        bytes(message.value()),
                        bytes(token.value()),
                        bytes(chunks),
                        data)
                .thenApply(answer -> number(answer.getFirst()) == 1);
    }

    @Override
    public CompletionStage<Resume> resume(UserId user, Chunk resumed, UserAnswer answer) {
        SessionId session = resumed.sessionId();
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.run(session, resumed.messageId()),
            Keys.connections(session),
            Keys.OPEN
        };
        Chunk.Halves halves = resumed.encodeAroundChunkId();
        Integer question = answer.question();
        return redis.call(
                        RESUME,
                        keys,
                        bytes(session.value()),
                        bytes(resumed.messageId().value()),
                        bytes(user.value()),
                        bytes(answer.text()),
                        halves.before(),
                        halves.after(),
                        question == null ? bytes("") : bytes(question))
                .thenApply(RedisSessionLog::resumed);
    }

    private static Resume resumed(List<Object> answer) {
        return switch (text(answer.getFirst())) {
            case "OK" ->
                    new Resume.Resumed(
                            new Entry(
                                    id(number(answer.get(1)), number(answer.get(2)), answer.get(3)),
                                    EventName.CHUNK,
                                    (byte[]) answer.get(4)),
                            Members.pods(list(answer.get(5))),
                            WorkflowRequest.decodeStored((byte[]) answer.get(6)),
                            (int) number(answer.get(7)));
            case "UNKNOWN" -> new Resume.Unknown();
            case "NOT_WAITING" -> new Resume.NotWaiting();
            default -> throw unexpected(answer);
        };
    }

    @Override
    public CompletionStage<Boolean> atRest(SessionId session, MessageId message) {
        return redis.send(commands -> commands.hget(Keys.run(session, message), "status"))
                .thenApply(status -> status != null && AT_REST.contains(text(status)));
    }

    @Override
    public CompletionStage<WorkState> workState(SessionId session, MessageId message) {
        String[] keys = {Keys.meta(session), Keys.run(session, message), Keys.history(session)};
        return redis.call(
                        WORK_STATE,
                        keys,
                        bytes(message.value()),
                        bytes(Keys.runPrefix(session)),
                        bytes(Keys.LEASE_PREFIX))
                .thenApply(answer ->
                        switch (text(answer.getFirst())) {
                            case "AT_REST" -> new WorkState.AtRest(text(answer.get(1)));
                            case "AT_WORK" -> new WorkState.AtWork();
                            case "FREE" -> new WorkState.Free();
                            default -> throw unexpected(answer);
                        });
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> request(
            SessionId session, MessageId message) {
        return redis.send(commands -> commands.hget(Keys.run(session, message), "body"))
                .thenApply(body -> Optional.ofNullable(body).map(WorkflowRequest::decodeStored));
    }

    @Override
    public CompletionStage<Boolean> release(SessionId session, MessageId message, Token token) {
        String[] keys = {Keys.meta(session), Keys.run(session, message), Keys.OPEN};
        return redis.call(
                        RELEASE,
                        keys,
                        bytes(session.value()),
                        bytes(message.value()),
                        bytes(token.value()),
                        bytes(Keys.WORKING_PREFIX))
                .thenApply(answer -> number(answer.getFirst()) == 1);
    }

    @Override
    public CompletionStage<Slice> read(SessionId session, EntryId after, int most) {
        String[] keys = {Keys.meta(session), Keys.log(session)};
        return redis.call(
                        READ,
                        keys,
                        bytes(after.generation()),
                        bytes(after.number()),
                        bytes(after.hashHex()),
                        bytes(most),
                        bytes(MAX_READ_BYTES))
                .thenApply(answer -> slice(answer, after));
    }

    private static Slice slice(List<Object> answer, EntryId after) {
        return switch (text(answer.getFirst())) {
            case "OK" ->
                    new Slice.Entries(
                            following(after, list(answer.get(3))),
                            id(after.generation(), number(answer.get(1)), answer.get(2)));
            case "LOST" ->
                    new Slice.Lost(
                            text(answer.get(1)),
                            id(number(answer.get(2)), number(answer.get(3)), answer.get(4)));
            case "NONE" -> new Slice.None();
            default -> throw unexpected(answer);
        };
    }

    /// The entries of a flat answer: event, data and hash of each. Their numbers are consecutive.
    private static List<Entry> following(EntryId after, List<Object> fields) {
        List<Entry> entries = new ArrayList<>(fields.size() / 3);
        for (int i = 0; i < fields.size(); i += 3) {
            entries.add(
                    new Entry(
                            id(
                                    after.generation(),
                                    after.number() + 1 + entries.size(),
                                    fields.get(i + 2)),
                            EventName.of(text(fields.get(i))),
                            (byte[]) fields.get(i + 1)));
        }
        return entries;
    }

    @Override
    public CompletionStage<Optional<EntryId>> tail(SessionId session) {
        return redis.send(commands -> commands.hmget(Keys.meta(session), "gen", "n", "hash"))
                .thenApply(fields ->
                        fields.getFirst().hasValue()
                                ? Optional.of(
                                        id(
                                                number(fields.get(0).getValue()),
                                                number(fields.get(1).getValue()),
                                                fields.get(2).getValue()))
                                : Optional.empty());
    }

    static EntryId id(long generation, long number, Object hashHex) {
        return new EntryId(generation, number, Integer.parseUnsignedInt(text(hashHex), 16));
    }

    static IllegalStateException unexpected(List<Object> answer) {
        return new IllegalStateException(
                "unexpected answer of a script: " + text(answer.getFirst()));
    }
}
