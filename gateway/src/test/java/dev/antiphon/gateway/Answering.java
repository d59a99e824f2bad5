package dev.antiphon.gateway;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/// The actions of a worker for one session, step by step.
final class Answering {

    private static final Instant TIME = Instant.parse("2026-11-20T10:00:00Z");

    private final Backplane backplane;
    private final SessionId session;
    private final Token token = Token.mint();
    private @Nullable WorkflowRequest request;
    private int next;

    Answering(Backplane backplane, SessionId session) {
        this.backplane = backplane;
        this.session = session;
    }

    /// Claims the session's oldest unfinished message.
    WorkflowRequest claim() {
        Claim claim =
                done(backplane.log().claim(session, Optional.empty(), new WorkerId("w"), token));
        if (!(claim instanceof Claim.Claimed claimed)) {
            throw new AssertionError("nothing to claim: " + claim);
        }
        request = claimed.request();
        next = claimed.nextChunk();
        return claimed.request();
    }

    /// Appends chunks and rings for them.
    void streams(String... texts) {
        var _ = append(backplane.log(), texts);
    }

    /// As {@link #streams}, with a log of its own choice.
    ///
    /// @param log one in Redis alone rings for no entry
    List<Entry> append(SessionLog log, String... texts) {
        List<Batch.Addition> additions = new ArrayList<>();
        int first = next;
        for (String text : texts) {
            additions.add(new Batch.Addition(EventName.CHUNK, chunk(text, null).encode()));
        }
        return append(log, first, additions, Batch.Then.CONTINUE);
    }

    /// Appends the last chunk and rings for it.
    void ends(String text) {
        endsUnheard(text);
        changed();
    }

    /// As {@link #ends}, but no pod gets the hint that its user's list has changed.
    void endsUnheard(String text) {
        Chunk last = chunk(text, new Completion("demo-gpt", 42, Completion.FinishReason.STOP));
        var _ = append(backplane.log(), next - 1, Batch.End.of(last).additions(), Batch.Then.END);
    }

    private void changed() {
        backplane.notices().changed(request().userId(), session);
    }

    /// Asks the user and releases the run until the answer arrives.
    void parks() {
        Chunk asks =
                new Chunk(
                        session,
                        request().messageId(),
                        next++,
                        new ChunkBody.Status("interrupt", Json.object()),
                        null,
                        TIME,
                        request().correlationId());
        var _ =
                append(
                        backplane.log(),
                        next - 1,
                        List.of(new Batch.Addition(EventName.CHUNK, asks.encode())),
                        Batch.Then.PARK);
        changed();
    }

    private List<Entry> append(
            SessionLog log, int first, List<Batch.Addition> additions, Batch.Then then) {
        Append append =
                done(
                        log.append(
                                new Batch(
                                        session,
                                        request().messageId(),
                                        token,
                                        first,
                                        additions,
                                        then)));
        if (!(append instanceof Append.Appended appended)) {
            throw new AssertionError("not appended: " + append);
        }
        return appended.entries();
    }

    private Chunk chunk(String text, @Nullable Completion completion) {
        return new Chunk(
                session,
                request().messageId(),
                next++,
                new ChunkBody.Content(text),
                completion,
                TIME,
                request().correlationId());
    }

    private WorkflowRequest request() {
        if (request == null) {
            throw new IllegalStateException("claim first");
        }
        return request;
    }

    private static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(5, TimeUnit.SECONDS).join();
    }
}
