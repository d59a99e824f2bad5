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

/// Has tools run for models: the call is checked, recorded, done within its time, and its outcome recorded, so that
/// side effects happen at most once whatever dies. Used by many runs at once.
public final class ToolRunner {

    private static final Logger LOG = LoggerFactory.getLogger(ToolRunner.class);

    /// Calls under way in this worker. A tool that does not stop when it is interrupted keeps its place.
    private static final int MAX_CALLS = 1_000;

    private static final Duration PAUSE = Duration.ofMillis(250);

    /// For how long the journal may be away: as long as an answer waits to be written.
    private static final Duration JOURNAL_WITHIN = Duration.ofSeconds(60);

    private final Tools tools;
    private final ToolJournal journal;
    private final Duration limit;
    private final Time time;
    private final Map<Ending, LongAdder> endings = new EnumMap<>(Ending.class);
    private final Semaphore places = new Semaphore(MAX_CALLS);

    /// Makes the runner.
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

    /// Does what a model asks for. Blocks, at most a little longer than the limit while the journal is there.
    ///
    /// @param step which call of the message this is, the same in every attempt at it: 1 to 200 characters
    /// @param wanted which tools the request allows
    /// @throws Unavailable when the journal was away for a minute
    /// @throws InterruptedException when interrupted: the tool is interrupted too, and its outcome stays open
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

    /// How calls end, for meters.
    public enum Ending {
        RESULT,
        FAILED,
        REFUSED,
        UNKNOWN,
        LOST
    }

    /// How many calls have ended so. Any thread.
    public long ended(Ending ending) {
        return Objects.requireNonNull(endings.get(ending)).sum();
    }

    private ToolOutcome tried(ToolCall call, String step, ToolClaim claim, ToolSelection wanted)
            throws InterruptedException {
        Optional<Tool> found = tools.find(call.name(), wanted);
        if (found.isEmpty()) {
            return new ToolOutcome.Refused(
                    tools.isKnown(call.name())
                            ? "it may not be used here; CHAT_TOOLS and context.tools name what may."
                            : "there is no tool of this name here.");
        }
        Tool tool = found.get();
        return switch (ArgumentCheck.check(tool.parameters(), call.arguments())) {
            case ArgumentCheck.Found.Wrong(String reason) -> new ToolOutcome.Refused(reason);
            case ArgumentCheck.Found.Fits(ObjectNode arguments) -> {
                if (!places.tryAcquire()) {
                    yield new ToolOutcome.Refused("too many tools are at work; try again later.");
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
                ToolOutcome.Told told = called(tool, arguments, intent, claim, place);
                byte[] recorded = OutcomeRecord.encode(told);
                yield asked(() -> journal.end(intent, recorded)) ? told : new ToolOutcome.Lost();
            }
            case ToolBegin.Done(byte[] outcome) -> OutcomeRecord.decode(outcome);
            case ToolBegin.Unknown _ ->
                    unknown(tool, "a worker died in the middle of it; it was not called again.");
            case ToolBegin.TooMany _ ->
                    new ToolOutcome.Refused("this message has had too many tool calls.");
            case ToolBegin.Fenced _ -> new ToolOutcome.Lost();
        };
    }

    private ToolOutcome.Told called(
            Tool tool, ObjectNode arguments, ToolIntent intent, ToolClaim claim, Place place)
            throws InterruptedException {
        var context =
                new ToolContext(
                        claim.session(), claim.message(), claim.user(), claim.key(intent.step()));
        var answer = new CompletableFuture<ToolOutcome.Told>();
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
        place.take();
        thread.start();
        try {
            return time.get(answer, limit);
        } catch (TimeoutException e) {
            LOG.atWarn()
                    .addKeyValue("tool", tool.name())
                    .addKeyValue("message", claim.message())
                    .log("a tool timeout: the call took too long");
            return tool.idempotent()
                    ? new ToolOutcome.Failed("It took longer than " + seconds(limit) + ".")
                    : unknown(tool, "it took longer than " + seconds(limit) + ".");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            thread.interrupt(); // nobody waits for it any more
        }
    }

    private static ToolOutcome.Told call(Tool tool, ObjectNode arguments, ToolContext context) {
        try {
            return new ToolOutcome.Result(Bounded.text(tool.call(arguments, context)));
        } catch (ToolFailure e) {
            return e.isOutcomeKnown() || tool.idempotent()
                    ? new ToolOutcome.Failed(Bounded.text(e.getMessage()))
                    : unknown(tool, Bounded.text(e.getMessage()));
        } catch (InterruptedException e) {
            return unknown(tool, "it was interrupted."); // and nobody hears it
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            LOG.atError()
                    .addKeyValue("tool", tool.name())
                    .addKeyValue("message", context.message())
                    .setCause(e)
                    .log("a tool failed");
            return tool.idempotent()
                    ? new ToolOutcome.Failed("It broke; the reason was logged.")
                    : unknown(tool, "it broke.");
        }
    }

    private static ToolOutcome.Unknown unknown(Tool tool, String why) {
        return new ToolOutcome.Unknown(
                "Whether the tool " + tool.name() + " has had its effect is not known: " + why);
    }

    private static String seconds(Duration duration) {
        return duration.toMillis() / 1000.0 + " s";
    }

    /// Asks the journal until it answers.
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

    /// One call's place among all that are under way.
    private static final class Place {

        private final Semaphore places;

        /// Whether the tool's thread frees it. Used by the run's thread only.
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
