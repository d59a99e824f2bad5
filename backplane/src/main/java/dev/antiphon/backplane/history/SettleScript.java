package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.number;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// `settle.lua`: stores turns, if there are any, and records up to where the log is settled.
final class SettleScript {

    private static final Script SCRIPT = Script.load(SettleScript.class, "settle.lua");

    /// Entries that a session's log keeps: no reader wants a replay of several hours of streaming at 10 chunks a
    /// second. More entries are kept only until they are in the history.
    private static final int LOG_ENTRIES = 10_000;

    /// Sessions that a user's list keeps; the oldest are removed.
    private static final int MOST_SESSIONS = 10_000;

    private final Redis redis;
    private final Duration keep;

    SettleScript(Redis redis, Duration keep) {
        this.redis = redis;
        this.keep = keep;
    }

    /// Stores the turns and moves the settled end of the log, in one step.
    ///
    /// @return false when the log was replaced meanwhile, or has lost that place: nothing was stored
    CompletionStage<Boolean> call(SessionId session, Unsettled ended) {
        String[] keys = {
            Keys.meta(session),
            Keys.log(session),
            Keys.history(session),
            Keys.turns(session),
            Keys.sessions(ended.owner()),
            Keys.UNSETTLED,
            Keys.activity(session)
        };
        List<Turn> turns = ended.turns();
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(bytes(ended.generation()));
        arguments.add(bytes(ended.upTo()));
        arguments.add(bytes(LOG_ENTRIES));
        arguments.add(bytes(keep.toSeconds()));
        arguments.add(bytes(session.value()));
        arguments.add(bytes(turns.isEmpty() ? "" : turns.getFirst().title()));
        arguments.add(bytes(MOST_SESSIONS));
        arguments.add(bytes(ended.hash()));
        for (Turn turn : turns) {
            arguments.add(bytes(turn.request().messageId().value()));
            arguments.add(turn.json());
            arguments.add(bytes(turn.activity()));
        }
        return redis.call(SCRIPT, keys, arguments.toArray(byte[][]::new))
                .thenApply(answer -> number(answer.getFirst()) == 1);
    }
}
