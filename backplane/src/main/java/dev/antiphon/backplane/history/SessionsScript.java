package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// `sessions.lua`: a page of a user's sessions.
final class SessionsScript {

    private static final Script SCRIPT = Script.load(SessionsScript.class, "sessions.lua");

    private final Redis redis;
    private final Duration keep;

    SessionsScript(Redis redis, Duration keep) {
        this.redis = redis;
        this.keep = keep;
    }

    CompletionStage<Sessions> call(UserId user, Optional<Sessions.Place> before, int most) {
        return redis.call(
                        SCRIPT,
                        new String[] {Keys.sessions(user)},
                        bytes(Keys.HISTORY_PREFIX),
                        bytes(most),
                        bytes(keep.toSeconds()),
                        bytes(before.map(place -> "" + place.updatedMillis()).orElse("")),
                        bytes(before.map(place -> place.session().value()).orElse("")),
                        bytes(user.value()),
                        bytes(Keys.META_PREFIX))
                .thenApply(answer ->
                        Sessions.of(
                                list(answer.getFirst()).stream()
                                        .map(each -> summary(list(each)))
                                        .toList(),
                                number(answer.get(1)) == 1));
    }

    private static Sessions.Summary summary(List<Object> fields) {
        return new Sessions.Summary(
                new SessionId(text(fields.get(0))),
                text(fields.get(1)),
                Instant.ofEpochMilli(number(fields.get(2))),
                Instant.ofEpochMilli(number(fields.get(3))));
    }
}
