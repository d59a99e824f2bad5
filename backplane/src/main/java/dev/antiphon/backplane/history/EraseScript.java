package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// `erase.lua`: removes a session, and arranges the removal of the data that services keep for it.
final class EraseScript {

    private static final Script SCRIPT =
            Script.load(
                    EraseScript.class,
                    "/dev/antiphon/backplane/log/owner.lua",
                    "/dev/antiphon/backplane/log/cleanup.lua",
                    "erase.lua");

    private final Redis redis;

    EraseScript(Redis redis) {
        this.redis = redis;
    }

    /// @param incarnations further names under which services keep data of the user's session
    CompletionStage<Optional<Erased>> call(
            SessionId session, UserId user, List<String> incarnations) {
        List<String> keys =
                new ArrayList<>(
                        List.of(
                                Keys.meta(session),
                                Keys.runs(session),
                                Keys.connections(session),
                                Keys.OPEN,
                                Keys.sessions(user),
                                Keys.UNSETTLED,
                                Keys.CLEANUPS,
                                Keys.CLEANUP_DETAILS,
                                Keys.history(session),
                                Keys.waiting(session),
                                Keys.erased(session)));
        keys.addAll(Keys.ofSession(session));
        List<byte[]> arguments =
                new ArrayList<>(
                        List.of(
                                bytes(user.value()),
                                bytes(session.value()),
                                bytes(Keys.WORKING_PREFIX),
                                bytes(Keys.runPrefix(session)),
                                bytes(Keys.LEASE_PREFIX),
                                bytes(Policy.REMEMBER_ERASED.toSeconds()),
                                bytes(incarnations.size())));
        incarnations.forEach(each -> arguments.add(bytes(each)));
        Keys.ofMessage(session).forEach(prefix -> arguments.add(bytes(prefix)));
        return redis.call(SCRIPT, keys.toArray(String[]::new), arguments.toArray(byte[][]::new))
                .thenApply(answer ->
                        text(answer.getFirst()).equals("OK")
                                ? Optional.of(erased(answer))
                                : Optional.empty());
    }

    private static Erased erased(List<Object> answer) {
        String active = text(answer.get(1));
        return new Erased(
                active.isEmpty() ? Optional.empty() : Optional.of(new MessageId(active)),
                Members.pods(list(answer.get(2))).all());
    }
}
