package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/// Calls the scripts that let a user into a session. When Redis does not know the owner, the durable store is asked
/// once. From then on Redis knows.
public final class Admission {

    /// A store that has just failed is not asked again for this long: each new session would wait for it.
    private static final Duration REST = Duration.ofSeconds(1);

    /// The store's answer about a session, as arguments of a script.
    ///
    /// @param owner a user's id; empty when the store has no such session, `?` when it was not asked, `!` when it
    ///     is unavailable
    /// @param latest the most recently answered message; empty for none
    /// @param incarnation empty when the store does not have it
    public record Word(String owner, String latest, String incarnation) {
        private static final Word NONE = new Word("", "", "");
        private static final Word NOT_ASKED = new Word("?", "", "");
        private static final Word UNAVAILABLE = new Word("!", "", "");

        private static Word of(Durable.Known known) {
            return new Word(
                    known.owner().value(),
                    known.latest().map(MessageId::value).orElse(""),
                    known.incarnation());
        }
    }

    /// A script that needs the owner of the session.
    public interface Script {
        CompletionStage<List<Object>> call(Word word);
    }

    private final Optional<Durable> durable;
    private volatile long restsUntil = System.nanoTime();

    /// @param durable empty when Redis alone keeps conversations
    public Admission(Optional<Durable> durable) {
        this.durable = durable;
    }

    /// Calls a script that begins a session without an owner. While the store is unavailable, any user who names a
    /// session gets it until the store reports another owner: new conversations continue to work.
    ///
    public CompletionStage<List<Object>> enter(SessionId session, Script script) {
        return admit(
                script,
                store -> {
                    if (System.nanoTime() - restsUntil < 0) {
                        return script.call(Word.UNAVAILABLE);
                    }
                    return ask(store, session, script)
                            .exceptionallyCompose(failure -> {
                                if (!(cause(failure) instanceof Unavailable)) {
                                    return CompletableFuture.failedStage(failure);
                                }
                                restsUntil = System.nanoTime() + REST.toNanos();
                                return script.call(Word.UNAVAILABLE);
                            });
                });
    }

    /// Calls a script that only reads. Fails with {@link Unavailable} when the store must be asked and is unavailable.
    public CompletionStage<List<Object>> look(SessionId session, Script script) {
        return admit(script, store -> ask(store, session, script));
    }

    private CompletionStage<List<Object>> admit(
            Script script, Function<Durable, CompletionStage<List<Object>>> unknown) {
        if (durable.isEmpty()) {
            return script.call(Word.NONE);
        }
        Durable store = durable.get();
        return script.call(Word.NOT_ASKED)
                .thenCompose(answer ->
                        text(answer.getFirst()).equals("ASK")
                                ? unknown.apply(store)
                                : CompletableFuture.completedStage(answer));
    }

    private static CompletionStage<List<Object>> ask(
            Durable store, SessionId session, Script script) {
        return store.session(session)
                .thenCompose(known -> script.call(known.map(Word::of).orElse(Word.NONE)));
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null
                ? failure.getCause()
                : failure;
    }
}
