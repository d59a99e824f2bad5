package dev.antiphon.simulation;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.ParkedStore;
import dev.antiphon.backplane.log.ParkedRun;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.simulation.Faults.Kind;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/// One process' connection to the modelled PostgreSQL. Like `ParkedRuns`, it reads what it stores under the
/// session's lock.
class SimRows implements ParkedStore {

    /// After this time without a sign of the process, PostgreSQL releases its lock.
    private static final Duration HOLDS_AT_MOST = Duration.ofSeconds(6);

    private final Host host;
    private final Scheduler scheduler;
    private final Faults faults;
    private final ModelRows rows;
    private final SimLog log;

    SimRows(Host host, Scheduler scheduler, Faults faults, ModelRows rows, SimLog log) {
        this.host = host;
        this.scheduler = scheduler;
        this.faults = faults;
        this.rows = rows;
        this.log = log;
    }

    private long latency() {
        return scheduler.random().nextLong(200_000, 10_000_000);
    }

    /// Sends a question to the server.
    private <T> CompletionStage<T> ask(Consumer<CompletableFuture<T>> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        if (faults.happens(Kind.DATABASE_UNAVAILABLE)) {
            host.after(latency(), () -> answer.completeExceptionally(unavailable()));
        } else {
            scheduler.after(latency(), () -> question.accept(answer));
        }
        return answer;
    }

    private static Unavailable unavailable() {
        return new Unavailable("PostgreSQL is unavailable", null);
    }

    /// Returns an answer from the server.
    private <T> void reply(CompletableFuture<T> answer, T value) {
        scheduler.after(latency(), () -> host.run(() -> answer.complete(value)));
    }

    @Override
    public CompletionStage<Void> keep(SessionId session) {
        return log.parked(session)
                .thenCompose(found ->
                        found.isEmpty()
                                ? CompletableFuture.completedStage(null)
                                : this.<Boolean>ask(answer -> store(session, answer))
                                        .thenAccept(_ -> {}));
    }

    private void store(SessionId session, CompletableFuture<Boolean> answer) {
        underLock(
                session,
                answer,
                () -> log.parked(session),
                parked -> {
                    parked.ifPresent(rows::store);
                    return true;
                });
    }

    /// Queries Redis under the session's lock and uses the answer.
    private <T> void underLock(
            SessionId session,
            CompletableFuture<Boolean> answer,
            Supplier<CompletionStage<T>> question,
            Function<T, Boolean> then) {
        rows.lock(
                session,
                () -> {
                    boolean[] over = {false};
                    scheduler.after(
                            HOLDS_AT_MOST.toNanos(),
                            () -> {
                                if (!over[0]) {
                                    over[0] = true;
                                    rows.unlock(session);
                                    host.run(() -> answer.completeExceptionally(unavailable()));
                                }
                            });
                    host.run(() -> {
                        var _ =
                                question.get()
                                        .whenComplete((told, failure) -> {
                                            if (over[0]) {
                                                return;
                                            }
                                            over[0] = true;
                                            if (failure == null) {
                                                reply(answer, then.apply(told));
                                            } else {
                                                answer.completeExceptionally(unavailable());
                                            }
                                            rows.unlock(session);
                                        });
                    });
                });
    }

    @Override
    public CompletionStage<Boolean> bringBack(
            SessionId session, MessageId message, Optional<UserId> user) {
        return ask(answer ->
                underLock(
                        session, answer, () -> restored(session, message, user), isBack -> isBack));
    }

    private CompletionStage<Boolean> restored(
            SessionId session, MessageId message, Optional<UserId> user) {
        return Optional.ofNullable(rows.row(new Place(session, message)))
                .filter(run -> user.isEmpty() || run.owner().equals(user.get()))
                .map(log::restore)
                .orElse(CompletableFuture.completedStage(false));
    }

    @Override
    public CompletionStage<Void> remove(SessionId session, MessageId message) {
        return this.<Boolean>ask(answer ->
                        rows.lock(
                                session,
                                () -> {
                                    rows.remove(new Place(session, message));
                                    rows.unlock(session);
                                    reply(answer, true);
                                }))
                .thenAccept(_ -> {});
    }

    @Override
    public CompletionStage<Optional<ParkedRun>> find(SessionId session, MessageId message) {
        return ask(answer ->
                reply(answer, Optional.ofNullable(rows.row(new Place(session, message)))));
    }
}
