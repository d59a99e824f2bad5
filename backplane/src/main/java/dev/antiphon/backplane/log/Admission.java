package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.bytes;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.protocol.SessionId;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;

/// Calls the scripts that let a user into a session. When Redis does not know whose it is, the durable store is asked,
/// once: from then on Redis knows.
public final class Admission {

    /// A store that has just failed is not asked: each new session would wait for it.
    private static final Duration REST = Duration.ofSeconds(1);

    private static final byte[] NOT_ASKED = bytes("?");
    private static final byte[] AWAY = bytes("!");
    private static final byte[] NONE = bytes("");

    private final Optional<Durable> durable;
    private volatile long restsUntil = System.nanoTime();

    /// @param durable empty when Redis alone keeps conversations
    public Admission(Optional<Durable> durable) {
        this.durable = durable;
    }

    /// Calls a script that begins a session which nobody has. While the store is away, whoever names a session gets it
    /// until the store says otherwise: new conversations go on.
    ///
    /// @param script takes what the store says of the owner, and of the latest message
    public CompletionStage<List<Object>> enter(
            SessionId session, BiFunction<byte[], byte[], CompletionStage<List<Object>>> script) {
        return admit(
                script,
                store -> {
                    if (System.nanoTime() - restsUntil < 0) {
                        return script.apply(AWAY, NONE);
                    }
                    return ask(store, session, script)
                            .exceptionallyCompose(failure -> {
                                if (!(cause(failure) instanceof Unavailable)) {
                                    return CompletableFuture.failedStage(failure);
                                }
                                restsUntil = System.nanoTime() + REST.toNanos();
                                return script.apply(AWAY, NONE);
                            });
                });
    }

    /// Calls a script that only shows something. Fails with {@link Unavailable} when the store must be asked and is away.
    public CompletionStage<List<Object>> look(
            SessionId session, BiFunction<byte[], byte[], CompletionStage<List<Object>>> script) {
        return admit(script, store -> ask(store, session, script));
    }

    private CompletionStage<List<Object>> admit(
            BiFunction<byte[], byte[], CompletionStage<List<Object>>> script,
            Function<Durable, CompletionStage<List<Object>>> unknown) {
        if (durable.isEmpty()) {
            return script.apply(NONE, NONE);
        }
        Durable store = durable.get();
        return script.apply(NOT_ASKED, NONE)
                .thenCompose(answer ->
                        text(answer.getFirst()).equals("ASK")
                                ? unknown.apply(store)
                                : CompletableFuture.completedStage(answer));
    }

    private static CompletionStage<List<Object>> ask(
            Durable store,
            SessionId session,
            BiFunction<byte[], byte[], CompletionStage<List<Object>>> script) {
        return store.session(session)
                .thenCompose(known ->
                        script.apply(
                                known.map(each -> bytes(each.owner().value())).orElse(NONE),
                                known.flatMap(Durable.Known::latest)
                                        .map(latest -> bytes(latest.value()))
                                        .orElse(NONE)));
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null
                ? failure.getCause()
                : failure;
    }
}
