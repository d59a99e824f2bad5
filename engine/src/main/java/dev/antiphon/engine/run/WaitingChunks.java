package dev.antiphon.engine.run;

import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// The chunks of a run that are not in the log yet, and how they become the next append. Not thread-safe: its {@link
/// AnswerWriter} guards it.
final class WaitingChunks {

    /// Entries per append: keeps each script call below a millisecond, because other calls wait behind it.
    private static final int MAX_BATCH = 64;

    private static final int MAX_BATCH_BYTES = 256 * 1024;

    private final Claim.Claimed claimed;
    private final Deque<ChunkBody> waiting = new ArrayDeque<>();
    private int bytes;
    private int nextChunk;
    private boolean joinsPieces;

    /// Called when nothing waits any more.
    private Batch.Then then = Batch.Then.CONTINUE;

    private @Nullable Completion completion;

    WaitingChunks(Claim.Claimed claimed) {
        this.claimed = claimed;
        this.nextChunk = claimed.nextChunk();
    }

    /// Sets whether pieces of text can be joined from now on.
    void joinPieces(boolean joins) {
        joinsPieces = joins;
    }

    void add(ChunkBody body) {
        waiting.add(body);
        bytes += size(body);
    }

    /// Adds the last body of this attempt.
    void addLast(ChunkBody body, Batch.Then then, @Nullable Completion completion) {
        add(body);
        this.then = then;
        this.completion = completion;
    }

    void clear() {
        waiting.clear();
        bytes = 0;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /// The used part of the queue limit.
    int bytes() {
        return bytes;
    }

    /// The chunk id of the next body.
    int nextChunk() {
        return nextChunk;
    }

    /// Whether waiting for more text leads to fewer chunks.
    boolean mayGrow() {
        return joinsPieces && then == Batch.Then.CONTINUE;
    }

    /// Takes as much as one append can have; something must wait.
    Batch nextBatch(Instant now) {
        WorkflowRequest request = claimed.request();
        int firstChunk = nextChunk;
        List<Batch.Addition> additions = new ArrayList<>();
        int taken = 0;
        boolean last = false;
        List<String> handles = new ArrayList<>();
        while (!waiting.isEmpty() && additions.size() < MAX_BATCH && taken < MAX_BATCH_BYTES) {
            ChunkBody body = nextBody();
            if (body instanceof ChunkBody.Status(String status, var details)
                    && status.equals(Streamed.KEPT)) {
                handles.add(details.path(Streamed.HANDLE).stringValue(""));
            }
            last = waiting.isEmpty() && then != Batch.Then.CONTINUE;
            Chunk chunk =
                    new Chunk(
                            request.sessionId(),
                            request.messageId(),
                            nextChunk++,
                            body,
                            last ? completion : null,
                            now,
                            request.correlationId());
            byte[] data = chunk.encode();
            taken += data.length;
            additions.add(new Batch.Addition(EventName.CHUNK, data));
        }
        if (last && completion != null) {
            additions.add(
                    new Batch.Addition(
                            EventName.MESSAGE_COMPLETE,
                            completion.messageComplete(request.messageId())));
        }
        return new Batch(
                request.sessionId(),
                request.messageId(),
                claimed.token(),
                firstChunk,
                additions,
                handles,
                last ? then : Batch.Then.CONTINUE);
    }

    /// The next body, joined with the following ones as far as they continue it and joining is allowed.
    private ChunkBody nextBody() {
        ChunkBody body = remove();
        if (!joinsPieces || !continues(body, waiting.peek())) {
            return body;
        }
        StringBuilder joined = new StringBuilder(piece(body));
        while (joined.length() < MAX_BATCH_BYTES / 4 && continues(body, waiting.peek())) {
            joined.append(piece(remove()));
        }
        String all = joined.toString();
        return switch (body) {
            case ChunkBody.Content _ -> new ChunkBody.Content(all);
            case ChunkBody.Reasoning _ -> new ChunkBody.Reasoning(all);
            case ChunkBody.ToolCall(String id, String name, _) ->
                    new ChunkBody.ToolCall(id, name, all);
            case ChunkBody.ToolResult _,
                    ChunkBody.Status _,
                    ChunkBody.Reset _,
                    ChunkBody.Failure _ ->
                    body;
        };
    }

    private static boolean continues(ChunkBody body, @Nullable ChunkBody next) {
        return switch (body) {
            case ChunkBody.Content _ -> next instanceof ChunkBody.Content;
            case ChunkBody.Reasoning _ -> next instanceof ChunkBody.Reasoning;
            case ChunkBody.ToolCall(String id, _, _) ->
                    next instanceof ChunkBody.ToolCall(String nextId, _, _) && nextId.equals(id);
            case ChunkBody.ToolResult _,
                    ChunkBody.Status _,
                    ChunkBody.Reset _,
                    ChunkBody.Failure _ ->
                    false;
        };
    }

    private ChunkBody remove() {
        ChunkBody body = waiting.remove();
        bytes -= size(body);
        return body;
    }

    /// Approximate size of a body, for the queue limit; only its piece can be long.
    private static int size(ChunkBody body) {
        return piece(body).length();
    }

    private static String piece(ChunkBody body) {
        return switch (body) {
            case ChunkBody.Content(String text) -> text;
            case ChunkBody.Reasoning(String text) -> text;
            case ChunkBody.ToolCall(_, _, String arguments) -> arguments;
            case ChunkBody.ToolResult(_, _, String result) -> result;
            case ChunkBody.Status _, ChunkBody.Reset _, ChunkBody.Failure _ -> "";
        };
    }
}
