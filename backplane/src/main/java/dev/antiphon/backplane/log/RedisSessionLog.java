package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;
import static dev.antiphon.backplane.log.ScriptAnswers.id;

import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/// The session log in Redis. Each operation is one script, with a class of its own that knows its keys, arguments and
/// answer.
public final class RedisSessionLog implements SessionLog {

    /// The statuses of a run that needs no worker.
    private static final Set<String> AT_REST = Set.of("done", "refused", "parked");

    private final Redis redis;
    private final AcceptScript accept;
    private final RefuseScript refuse;
    private final ClaimScript claim;
    private final AppendScript append;
    private final CheckpointScript checkpoint;
    private final ResumeScript resume;
    private final FinishScript finish;
    private final WorkStateScript workState;
    private final ReleaseScript release;
    private final ReadScript read;

    /// How long an unfinished message can stay in its user's list.
    private final Duration keepUnfinished;

    /// @param admission decides who may enter a session
    /// @param keepParked how long a run waits for its user
    public RedisSessionLog(Redis redis, Admission admission, Retention keep, Duration keepParked) {
        this.redis = redis;
        this.accept = new AcceptScript(redis, admission);
        this.refuse = new RefuseScript(redis, keep);
        this.claim = new ClaimScript(redis);
        this.append = new AppendScript(redis, keep, keepParked);
        this.checkpoint = new CheckpointScript(redis);
        this.resume = new ResumeScript(redis);
        this.finish = new FinishScript(redis, keep);
        this.workState = new WorkStateScript(redis);
        this.release = new ReleaseScript(redis);
        this.read = new ReadScript(redis);
        this.keepUnfinished = keepParked.plus(keep.log());
    }

    /// For a system whose conversations are in Redis alone, with the default retention.
    public RedisSessionLog(Redis redis) {
        this(
                redis,
                new Admission(Optional.empty()),
                Retention.USUAL,
                BackplaneSettings.KEEP_PARKED);
    }

    @Override
    public CompletionStage<Accept> accept(WorkflowRequest request) {
        // First in the pipeline, so that every unfinished message is in the user's list of
        // active sessions.
        return ActiveSessions.note(redis, request.userId(), request.sessionId(), keepUnfinished)
                .thenCombine(accept.call(request), (_, answer) -> answer);
    }

    @Override
    public CompletionStage<Refuse> refuse(SessionId session, MessageId message, Batch.End end) {
        return refuse.call(session, message, end);
    }

    @Override
    public CompletionStage<Claim> claim(
            SessionId session, Optional<MessageId> delivered, WorkerId worker, Token token) {
        return claim.call(session, delivered, worker, token);
    }

    @Override
    public CompletionStage<Append> append(Batch batch) {
        return append.call(batch);
    }

    @Override
    public CompletionStage<Boolean> checkpoint(
            SessionId session, MessageId message, Token token, int chunks, String state) {
        return checkpoint.call(session, message, token, chunks, state);
    }

    @Override
    public CompletionStage<Resume> resume(UserId user, Chunk resumed, UserAnswer answer) {
        return resume.call(user, resumed, answer);
    }

    @Override
    public CompletionStage<Finish> finish(Optional<UserId> user, Chunk last) {
        return finish.call(user, last);
    }

    @Override
    public CompletionStage<Boolean> atRest(SessionId session, MessageId message) {
        return redis.send(commands -> commands.hget(Keys.run(session, message), "status"))
                .thenApply(status -> status != null && AT_REST.contains(text(status)));
    }

    @Override
    public CompletionStage<WorkState> workState(SessionId session, MessageId message) {
        return workState.call(session, message);
    }

    @Override
    public CompletionStage<Optional<WorkflowRequest>> request(
            SessionId session, MessageId message) {
        return redis.send(commands -> commands.hget(Keys.run(session, message), "body"))
                .thenApply(body -> Optional.ofNullable(body).map(WorkflowRequest::decodeStored));
    }

    @Override
    public CompletionStage<Boolean> release(SessionId session, MessageId message, Token token) {
        return release.call(session, message, token);
    }

    @Override
    public CompletionStage<Slice> read(SessionId session, EntryId after, int most) {
        return read.call(session, after, most);
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
}
