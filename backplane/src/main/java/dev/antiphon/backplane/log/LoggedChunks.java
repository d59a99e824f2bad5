package dev.antiphon.backplane.log;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Reads a message's chunks from the log, page by page: a long answer in one piece would delay all other calls.
final class LoggedChunks {

    private static final int PAGE = 500;

    private LoggedChunks() {}

    /// Collects a message's chunks from one entry to another. The last chunk of another message can be between them:
    /// one that was refused, or cancelled while it waited.
    ///
    /// @param last 0 when there are none
    static CompletionStage<Void> read(
            Redis redis,
            SessionId session,
            MessageId message,
            long first,
            long last,
            List<byte[]> into) {
        if (last == 0 || first > last) {
            return CompletableFuture.completedStage(null);
        }
        String log = Keys.log(session);
        Range<String> range = Range.create(first + "-0", last + "-0");
        byte[] begin = Chunk.beginning(session, message);
        return redis.send(commands -> commands.xrange(log, range, Limit.from(PAGE)))
                .thenCompose(page -> {
                    for (StreamMessage<String, byte[]> entry : page) {
                        byte[] data = entry.getBody().get("d");
                        if (data != null && startsWith(data, begin)) {
                            into.add(data);
                        }
                    }
                    if (page.isEmpty()
                            || (page.size() < PAGE && numberOf(page.getLast()) != last)) {
                        // Evicted meanwhile. Repeating the claim finds this and begins the
                        // log again.
                        return CompletableFuture.failedStage(
                                new Unavailable(log + " has lost entries up to " + last, null));
                    }
                    return read(redis, session, message, numberOf(page.getLast()) + 1, last, into);
                });
    }

    private static boolean startsWith(byte[] data, byte[] begin) {
        return data.length >= begin.length
                && Arrays.equals(data, 0, begin.length, begin, 0, begin.length);
    }

    private static long numberOf(StreamMessage<String, byte[]> entry) {
        String id = entry.getId();
        return Long.parseLong(id.substring(0, id.indexOf('-')));
    }
}
