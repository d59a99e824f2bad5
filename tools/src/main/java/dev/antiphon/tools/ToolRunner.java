package dev.antiphon.tools;

import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.tools.ToolBegin;
import dev.antiphon.backplane.tools.ToolIntent;
import dev.antiphon.backplane.tools.ToolJournal;
import dev.antiphon.protocol.Ids;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/// Runs tools for models. It checks each call, records it, runs it within its time limit and records the outcome, so
/// that side effects happen at most once, even when workers die. Thread-safe.
public final class ToolRunner {

    private static final Logger LOG = LoggerFactory.getLogger(ToolRunner.class);

    /// Calls in progress in this worker. A tool that ignores an interrupt still counts.
    private static final int MAX_CALLS = 1_000;

    private static final Duration PAUSE = Duration.ofMillis(250);

    /// How long the journal can be unavailable: as long as an answer waits to be written.
    private static final Duration JOURNAL_WITHIN = Duration.ofSeconds(60);

    private final Tools tools;
    private final ToolJournal journal;
    private final Duration limit;
    private final Time time;
    private final Map<Ending, LongAdder> endings = new EnumMap<>(Ending.class);
    private final Semaphore places = new Semaphore(MAX_CALLS);

    /// Creates the runner.
    ///
    /// @param limit of each call
    public ToolRunner(Tools tools, ToolJournal journal, Duration limit, Time time) {
        this.tools = tools;
        this.journal = journal;
        this.limit = limit;
        this.time = time;
        for (Ending each : Ending.values()) {
            endings.put(each, new LongAdder());
        }
    }

    public Tools tools() {
        return tools;
    }

    /// Runs a tool for a model. Blocks a little longer than the limit at most, while the journal is available.
    ///
    /// @param step identifies the call within its message, the same in every attempt: 1 to 200 characters
    /// @param wanted the tools that the request allows
    /// @throws Unavailable when the journal was unavailable for a minute
    /// @throws InterruptedException when interrupted: the tool is interrupted too, and its outcome remains open
    public ToolOutcome run(ToolCall call, String step, ToolClaim claim, ToolSelection wanted)
            throws InterruptedException {
        ToolOutcome outcome = tried(call, step, claim, wanted);
        count(outcome);
        return outcome;
    }

    private void count(ToolOutcome outcome) {
        Ending ending =
                switch (outcome) {
                    case ToolOutcome.Result _ -> Ending.RESULT;
                    case ToolOutcome.Failed _ -> Ending.FAILED;
                    case ToolOutcome.Refused _ -> Ending.REFUSED;
                    case ToolOutcome.Unknown _ -> Ending.UNKNOWN;
                    case ToolOutcome.Lost _ -> Ending.LOST;
                };
        Objects.requireNonNull(endings.get(ending)).increment();
    }

    /// How calls end, for metrics.
    public enum Ending {
        RESULT,
        FAILED,
        REFUSED,
        UNKNOWN,
        LOST
    }

    /// The number of calls that ended this way. Any thread.
    public long ended(Ending ending) {
        return Objects.requireNonNull(endings.get(ending)).sum();
    }

    private ToolOutcome tried(ToolCall call, String step, ToolClaim claim, ToolSelection wanted)
            throws InterruptedException {
        checkInterrupt();
        Optional<Tool> found = tools.find(call.name(), wanted);
        if (found.isEmpty()) {
            return new ToolOutcome.Refused(
                    tools.isKnown(call.name())
                            ? "it is not allowed here; CHAT_TOOLS and context.tools list the allowed tools."
                            : "there is no tool with this name here.");
        }
        Tool tool = found.get();
        return switch (ArgumentCheck.check(tool.parameters(), call.arguments())) {
            case ArgumentCheck.Found.Wrong(String reason) -> new ToolOutcome.Refused(reason);
            case ArgumentCheck.Found.Fits(ObjectNode arguments) -> {
                if (!places.tryAcquire()) {
                    yield new ToolOutcome.Refused("too many tools are running; try again later.");
                }
                var place = new Place(places);
                try {
                    yield begin(tool, arguments, intent(call, step, claim), claim, place);
                } finally {
                    place.freeUnlessTaken();
                }
            }
        };
    }

    private static ToolIntent intent(ToolCall call, String step, ToolClaim claim) {
        return new ToolIntent(
                claim.session(),
                claim.message(),
                claim.token(),
                step,
                digest(call),
                Ids.mint("try"));
    }

    private ToolOutcome begin(
            Tool tool, ObjectNode arguments, ToolIntent intent, ToolClaim claim, Place place)
            throws InterruptedException {
        return switch (asked(() -> journal.begin(intent, tool.idempotent()))) {
            case ToolBegin.Begun _ -> {
                ToolOutcome.Reported reported = called(tool, arguments, intent, claim, place);
                byte[] recorded = OutcomeRecord.encode(reported);
                yield asked(() -> journal.end(intent, recorded))
                        ? reported
                        : new ToolOutcome.Lost();
            }
            case ToolBegin.Done(byte[] outcome) -> OutcomeRecord.decode(outcome);
            case ToolBegin.Unknown _ ->
                    unknown(tool, "a worker died during the call; it was not called again.");
            case ToolBegin.TooMany _ ->
                    new ToolOutcome.Refused("this message has had too many tool calls.");
            case ToolBegin.Fenced _ -> new ToolOutcome.Lost();
        };
    }

    private ToolOutcome.Reported called(
            Tool tool, ObjectNode arguments, ToolIntent intent, ToolClaim claim, Place place)
            throws InterruptedException {
        var context =
                new ToolContext(
                        claim.session(), claim.message(), claim.user(), claim.key(intent.step()));
        var answer = new CompletableFuture<ToolOutcome.Reported>();
        Thread thread =
                time.thread(
                        "tool-" + tool.name(),
                        () -> {
                            try {
                                answer.complete(call(tool, arguments, context));
                            } finally {
                                place.free();
                            }
                        });
        checkInterrupt();
        place.take();
        thread.start();
        try {
            return time.get(answer, limit);
        } catch (TimeoutException e) {
            LOG.atWarn()
                    .addKeyValue("tool", tool.name())
                    .addKeyValue("message", claim.message())
                    .log("tool call timeout");
            return tool.idempotent()
                    ? new ToolOutcome.Failed("It took longer than " + seconds(limit) + ".")
                    : unknown(tool, "it took longer than " + seconds(limit) + ".");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            thread.interrupt(); // its result is no longer needed
        }
    }

    /// A wait on a future that is already complete does not see an interrupt, so a call to the
    /// journal that is answered at once would hide it.
    private static void checkInterrupt() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    private static ToolOutcome.Reported call(Tool tool, ObjectNode arguments, ToolContext context) {
        try {
            return new ToolOutcome.Result(TextLimit.shorten(tool.call(arguments, context)));
        } catch (ToolFailure e) {
            return e.isOutcomeKnown() || tool.idempotent()
                    ? new ToolOutcome.Failed(TextLimit.shorten(e.getMessage()))
                    : unknown(tool, TextLimit.shorten(e.getMessage()));
        } catch (InterruptedException e) {
            return unknown(tool, "it was interrupted."); // this outcome is not used
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            LOG.atError()
                    .addKeyValue("tool", tool.name())
                    .addKeyValue("message", context.message())
                    .setCause(e)
                    .log("a tool failed");
            return tool.idempotent()
                    ? new ToolOutcome.Failed("It failed; the reason was logged.")
                    : unknown(tool, "it failed.");
        }
    }

    private static ToolOutcome.Unknown unknown(Tool tool, String why) {
        return new ToolOutcome.Unknown(
                "Whether the tool " + tool.name() + " had its effect is unknown: " + why);
    }

    private static String seconds(Duration duration) {
        return duration.toMillis() / 1000.0 + " s";
    }

    /// Repeats a call to the journal until it answers.
    private <T> T asked(Supplier<CompletionStage<T>> call) throws InterruptedException {
        long start = time.nanoTime();
        while (true) {
            try {
                return call.get().toCompletableFuture().get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof Unavailable unavailable)) {
                    throw new IllegalStateException(e.getCause());
                }
                if (time.nanoTime() - start > JOURNAL_WITHIN.toNanos()) {
                    throw unavailable;
                }
                time.sleep(PAUSE.toNanos());
            }
        }
    }

    private static String digest(ToolCall call) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(call.name().getBytes(StandardCharsets.UTF_8));
            sha.update((byte) 0);
            sha.update(call.arguments().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /// The slot of one call among all calls in progress.
    private static final class Place {

        private final Semaphore places;

        /// Whether the tool's thread releases the slot. Used by the run's thread only.
        private boolean taken;

        Place(Semaphore places) {
            this.places = places;
        }

        void take() {
            taken = true;
        }

        void freeUnlessTaken() {
            if (!taken) {
                free();
            }
        }

        void free() {
            places.release();
        }
    }
}
