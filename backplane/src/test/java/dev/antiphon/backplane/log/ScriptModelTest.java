package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.chunk;
import static dev.antiphon.backplane.log.Chat.last;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.RedisConnectionRegistry;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/// Random commands, wrong and repeated ones included, to the scripts on a real Redis and to [LogModel]: all answers are
/// equal. A failure prints its seed; `-Dantiphon.seed=…` runs only that one, `-Dantiphon.seeds=…` sets how many run.
final class ScriptModelTest {

    private static final int COMMANDS = 60;
    private static final Completion CANCELLED = new Completion("", null, FinishReason.CANCELLED);

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    @Test
    void theScriptsAnswerAsTheModelDoes() {
        @Nullable Long one = Long.getLong("antiphon.seed");
        long first = one == null ? 0 : one;
        long count = one == null ? Long.getLong("antiphon.seeds", 80) : 1;
        int takeovers = 0;
        int plainTaken = 0;
        for (long seed = first; seed < first + count; seed++) {
            REDIS.commands().flushall();
            Sequence sequence = new Sequence(seed);
            sequence.run();
            takeovers += sequence.takeovers;
            plainTaken += sequence.plainTaken;
        }
        // A generator whose commands have no effect would prove nothing.
        assertThat(takeovers).isGreaterThanOrEqualTo((int) count / 10);
        assertThat(plainTaken).isGreaterThanOrEqualTo((int) count);
    }

    /// One session's commands.
    private static final class Sequence {

        private final long seed;
        private final SplittableRandom random;
        private final Chat chat = new Chat(REDIS);
        private final List<RedisConnectionRegistry> pods =
                List.of(
                        new RedisConnectionRegistry(REDIS.redis(), new PodId("pod-1")),
                        new RedisConnectionRegistry(REDIS.redis(), new PodId("pod-2")));
        private final PlainLog plain = new RedisPlainLog(REDIS.redis());
        private final LogModel model = new LogModel();
        private final List<String> said = new ArrayList<>();

        private final int messages;
        private final List<Token> tokens = new ArrayList<>();
        private @Nullable Batch lastBatch;

        /// The latest answered claim, and the place of its run: the next steps of a correct worker.
        private Claim.@Nullable Claimed claimed;

        private int next;
        private int plainNext;
        int takeovers;
        int plainTaken;

        Sequence(long seed) {
            this.seed = seed;
            this.random = new SplittableRandom(seed);
            this.messages = random.nextInt(8) == 0 ? 40 : 5;
        }

        void run() {
            try {
                for (int i = 0; i < COMMANDS; i++) {
                    step();
                }
                compareWhatIsStored();
            } catch (Throwable e) {
                throw new AssertionError("seed " + seed + " after:\n" + String.join("\n", said), e);
            }
        }

        private void step() {
            switch (random.nextInt(23)) {
                case 0, 1, 2 -> accept();
                case 3, 4, 5 -> claim();
                case 6, 7, 8, 9, 10 -> append();
                case 11 -> appendAgain();
                case 12 -> attach();
                case 13 -> detachOrSeen();
                case 14, 15 -> read();
                case 16 -> leases();
                case 17 -> release();
                case 18 -> refuseOrFinish();
                case 19, 20, 21 -> appendPlain();
                default -> compareWhatIsStored();
            }
        }

        private void compare(String command, Object model, Object real) {
            said.add(command + " -> " + real);
            assertThat(real).isEqualTo(model);
        }

        /// The generation is drawn inside; this passes it to the model.
        private void learnGeneration() {
            if (!model.exists()) {
                answer(chat.log().tail(SESSION))
                        .ifPresent(tail -> model.begunWith(tail.generation()));
            }
        }

        private String message() {
            return "m" + random.nextInt(messages);
        }

        private UserId user() {
            return random.nextInt(10) == 0 ? new UserId("u2") : Chat.USER;
        }

        private WorkerId worker() {
            return new WorkerId("w" + random.nextInt(3));
        }

        private Token token() {
            if (!tokens.isEmpty() && random.nextInt(4) == 0) {
                return tokens.get(random.nextInt(tokens.size()));
            }
            Token fresh = new Token("t" + tokens.size());
            tokens.add(fresh);
            return fresh;
        }

        private void accept() {
            var request = Chat.request(user(), message(), random.nextInt(8) == 0 ? "other" : "hi");
            Accept real = chat.ask(request);
            learnGeneration();
            compare(
                    "accept " + request.userId() + " " + request.messageId(),
                    model.accept(request),
                    real);
        }

        private void claim() {
            WorkerId worker = worker();
            if (random.nextInt(5) != 0) {
                lives(worker);
            }
            Token token = token();
            Optional<MessageId> delivered =
                    random.nextBoolean() ? Optional.empty() : Optional.of(new MessageId(message()));
            Claim real = answer(chat.log().claim(SESSION, delivered, worker, token));
            compareClaims(
                    "claim " + delivered + " " + worker + " " + token,
                    model.claim(delivered, worker, token),
                    real);
            if (real instanceof Claim.Claimed now) {
                takeovers += now.attempt() > 1 ? 1 : 0;
                claimed = now;
                next = now.nextChunk();
            }
        }

        /// Compares arrays by their contents.
        private void compareClaims(String command, Claim model, Claim real) {
            said.add(command + " -> " + real);
            assertThat(real).usingRecursiveComparison().isEqualTo(model);
        }

        private void append() {
            Claim.Claimed now = claimed;
            if (now == null) {
                return;
            }
            boolean right = random.nextInt(4) != 0;
            String message = right ? now.request().messageId().value() : message();
            Token token = right || random.nextBoolean() ? now.token() : token();
            int first = right ? next : Math.max(0, next + random.nextInt(-1, 2));
            Batch batch =
                    random.nextInt(5) == 0
                            ? last(message, token, first, text())
                            : batch(message, token, first, texts());
            append(batch);
        }

        private void appendAgain() {
            if (lastBatch != null) {
                append(lastBatch);
            }
        }

        private void append(Batch batch) {
            lastBatch = batch;
            Append real = chat.append(batch);
            compare(
                    "append %s %s %d+%d%s"
                            .formatted(
                                    batch.message(),
                                    batch.token(),
                                    batch.firstChunk(),
                                    batch.additions().size(),
                                    batch.terminal() ? " end" : ""),
                    model.append(batch),
                    real);
            if (real instanceof Append.Appended) {
                next = batch.firstChunk() + batch.chunks();
            }
        }

        private String[] texts() {
            String[] texts = new String[random.nextInt(1, 5)];
            Arrays.setAll(texts, _ -> text());
            return texts;
        }

        private String text() {
            return "x".repeat(random.nextInt(1, 4));
        }

        private void attach() {
            int pod = random.nextInt(2);
            ConnectionId connection = new ConnectionId("c" + random.nextInt(2));
            boolean register = random.nextInt(4) != 0;
            UserId user = user();
            Attach real = answer(pods.get(pod).attach(SESSION, user, connection, register));
            learnGeneration();
            String member = "pod-" + (pod + 1) + ":" + connection;
            compare("attach " + user + " " + member, model.attach(user, member, register), real);
            if (real instanceof Attach.Attached attached
                    && attached.unseen().isPresent()
                    && random.nextBoolean()) {
                seen(attached.unseen().getAsLong());
            }
        }

        private void detachOrSeen() {
            if (random.nextInt(4) == 0) {
                seen(random.nextLong(20));
                return;
            }
            int pod = random.nextInt(2);
            ConnectionId connection = new ConnectionId("c" + random.nextInt(2));
            answer(pods.get(pod).detach(SESSION, connection));
            model.detach("pod-" + (pod + 1) + ":" + connection);
            said.add("detach pod-" + (pod + 1) + ":" + connection);
        }

        private void seen(long upTo) {
            answer(pods.getFirst().seen(SESSION, upTo));
            model.seen(upTo);
            said.add("seen " + upTo);
        }

        private void read() {
            EntryId after =
                    model.exists() && random.nextInt(5) != 0
                            ? model.place(random.nextInt(model.entries().size() + 1))
                            : new EntryId(
                                    model.tail().generation(),
                                    random.nextInt(50),
                                    random.nextInt(3));
            if (after.number() == 0) {
                after = EntryId.start(after.generation()); // its hash is not compared
            }
            int most = random.nextInt(1, 30);
            compare("read " + after + " " + most, model.read(after, most), chat.read(after, most));
        }

        private void leases() {
            WorkerId worker = worker();
            if (random.nextInt(3) == 0) {
                lives(worker);
            } else {
                chat.dies(worker.value());
                model.dies(worker);
                said.add(worker + " dies");
            }
        }

        private void lives(WorkerId worker) {
            if (model.lives(worker)) {
                chat.lives(worker.value());
            }
        }

        private void release() {
            Claim.Claimed now = claimed;
            Token token = now == null || random.nextInt(3) == 0 ? token() : now.token();
            MessageId message =
                    now == null || random.nextInt(5) == 0
                            ? new MessageId(message())
                            : now.request().messageId();
            compare(
                    "release " + message + " " + token,
                    model.release(message, token),
                    answer(chat.log().release(SESSION, message, token)));
        }

        private void refuseOrFinish() {
            MessageId message = new MessageId(message());
            Chunk end = chunk(message.value(), 0, text(), CANCELLED);
            if (random.nextInt(3) == 0) {
                compare(
                        "refuse " + message,
                        model.refuse(message, end),
                        answer(chat.log().refuse(SESSION, message, Batch.End.of(end))));
            } else {
                Optional<UserId> user =
                        random.nextBoolean() ? Optional.empty() : Optional.of(user());
                compare(
                        "finish " + user + " " + message,
                        model.finish(user, end),
                        answer(chat.log().finish(user, end)));
            }
            compare(
                    "ended " + message,
                    model.ended(message),
                    answer(chat.log().atRest(SESSION, message)));
        }

        /// For a message that is known, claimed or ended, or that no gateway of ours received.
        private void appendPlain() {
            String message = random.nextInt(3) == 0 ? "p" + random.nextInt(2) : message();
            int at = random.nextInt(plainNext + 2);
            List<Chunk> chunks = new ArrayList<>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                boolean last = i == 0 && random.nextInt(6) == 0;
                chunks.add(chunk(message, at, text(), last ? CANCELLED : null));
                at += random.nextInt(6) == 0 ? 2 : 1;
            }
            boolean closesGap = random.nextInt(3) == 0;
            Plain real = answer(plain.append(chunks, closesGap));
            compare(
                    "plain " + message + " " + chunks.stream().map(Chunk::chunkId).toList(),
                    model.appendPlain(chunks, closesGap),
                    real);
            if (real instanceof Plain.Taken taken) {
                plainNext = taken.next();
                plainTaken += taken.entries().size();
            }
        }

        private void compareWhatIsStored() {
            assertThat(chat.waiting()).isEqualTo(model.waiting());
            assertThat(chat.open())
                    .containsExactlyInAnyOrderElementsOf(
                            model.waiting().stream().map(message -> "s1:" + message).toList());
            for (String worker : List.of("w0", "w1", "w2")) {
                assertThat(chat.working(worker)).isEqualTo(model.working(worker));
            }
            if (model.exists()) {
                assertThat(chat.entries()).isEqualTo(model.entries());
            }
        }
    }
}
