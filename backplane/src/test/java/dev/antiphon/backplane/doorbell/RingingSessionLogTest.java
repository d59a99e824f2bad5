package dev.antiphon.backplane.doorbell;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.USER;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.chunk;
import static dev.antiphon.backplane.log.Chat.request;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

final class RingingSessionLogTest {

    private static final Completion CANCELLED = new Completion("m", 3, FinishReason.CANCELLED);

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private final HandTime time = new HandTime();
    private final List<Entry> rung = new CopyOnWriteArrayList<>();
    private final SessionLog log =
            new RingingSessionLog(chat.log(), new Doorbell(new Remembering(), time));

    private final class Remembering implements RingSender {

        @Override
        public void one(Set<PodId> pods, Ring ring) {
            assertThat(pods).containsExactly(new PodId("pod-1"));
            assertThat(ring.session()).isEqualTo(SESSION);
            rung.add(ring.entry());
        }

        @Override
        public void batch(PodId pod, RingBatch batch) {
            batch.rings().forEach(ring -> rung.add(ring.entry()));
        }

        @Override
        public long mostBytes() {
            return 1 << 20;
        }
    }

    /// Each operation that can append, once.
    @Test
    void everyEntryOfTheLogIsRungInItsOrderBeforeTheCallerGetsTheAnswer() {
        chat.connect("pod-1:c1");
        answer(log.accept(request("m1")));
        Token token = chat.claimed("w1").token();
        answer(log.append(batch("m1", token, 0, "a", "b")));
        Batch asks = batch("m1", token, 2, "which?");
        answer(
                log.append(
                        new Batch(
                                SESSION,
                                asks.message(),
                                token,
                                2,
                                asks.additions(),
                                Batch.Then.PARK)));
        assertThat(
                        answer(
                                log.resume(
                                        USER,
                                        chunk("m1", 0, "that", null),
                                        new UserAnswer("that", null))))
                .isInstanceOf(Resume.Resumed.class);
        answer(log.finish(Optional.of(USER), chunk("m1", 0, "", CANCELLED)));
        answer(
                log.refuse(
                        SESSION,
                        new MessageId("m2"),
                        Batch.End.of(chunk("m2", 0, "no", CANCELLED))));

        assertThat(rung).hasSize(9).isEqualTo(chat.entries());
    }

    @Test
    void onlyTheChunksAfterAnAnswersFirstOneWaitForTheTick() {
        chat.connect("pod-1:batch1_c");
        answer(log.accept(request("m1")));
        Token token = chat.claimed("w1").token();
        answer(log.append(batch("m1", token, 0, "a")));
        assertThat(rung).hasSize(2).isEqualTo(chat.entries());

        answer(log.append(batch("m1", token, 1, "b")));
        answer(log.append(batch("m1", token, 2, "c")));
        assertThat(rung).hasSize(2);
        time.pass(Doorbell.TICK);
        assertThat(rung).hasSize(4).isEqualTo(chat.entries());

        answer(log.append(batch("m1", token, 3, "d")));
        answer(log.finish(Optional.of(USER), chunk("m1", 0, "", CANCELLED)));
        assertThat(rung).hasSize(7).isEqualTo(chat.entries());
    }

    @Test
    void aRepeatedAppendRingsTheSameEntriesAgainAndARefusedOneNone() {
        chat.connect("pod-1:c1");
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        Batch batch = batch("m1", token, 0, "a");

        answer(log.append(batch));
        answer(log.append(batch));
        assertThat(answer(log.append(batch("m1", Token.mint(), 1, "b"))))
                .isInstanceOf(Append.Fenced.class);

        Entry entry = chat.entries().getLast();
        assertThat(rung).containsExactly(entry, entry);
    }
}
