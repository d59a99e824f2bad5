package dev.antiphon.worker;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.providers.ModelProviders;

import java.time.Instant;
import java.util.Map;

/// Answers a run that waits for its user, as `POST /api/messages/{message_id}/resume` does.
public final class Resuming {

    private Resuming() {}

    public static Resume resume(
            Map<String, String> environment,
            String user,
            String session,
            String message,
            UserAnswer answer)
            throws InterruptedException {
        WorkerConfig config = WorkerConfig.from(ModelProviders.environment(environment));
        try (Backplane backplane = Backplane.open(config.backplane(), "gateway")) {
            Resume resume =
                    backplane
                            .log()
                            .resume(
                                    new UserId(user),
                                    new Chunk(
                                            new SessionId(session),
                                            new MessageId(message),
                                            0,
                                            new ChunkBody.Status("resumed", Json.object()),
                                            null,
                                            Instant.now(),
                                            "c"),
                                    answer)
                            .toCompletableFuture()
                            .join();
            if (resume instanceof Resume.Resumed now) {
                backplane
                        .queue()
                        .publishAgain(now.request(), now.occasion())
                        .toCompletableFuture()
                        .join();
            }
            return resume;
        }
    }
}
