package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.history.RedisHistory;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.RedisConnectionRegistry;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// The script append_plain: a worker that knows only the contract.
final class AppendPlainTest {

    private static final Completion STOP = new Completion("theirs", 2, FinishReason.STOP);

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private final PlainLog plain = new RedisPlainLog(REDIS.redis());

    private Plain send(Chunk... chunks) {
        return answer(plain.append(List.of(chunks), false));
    }

    private static Plain.Taken taken(Plain answer) {
        assertThat(answer).isInstanceOf(Plain.Taken.class);
        return (Plain.Taken) answer;
    }

    private static Chunk text(String message, int id, String text) {
        return chunk(message, id, text, null);
    }

    private Attach.Attached attach() {
        return (Attach.Attached)
                answer(
                        new RedisConnectionRegistry(REDIS.redis(), new PodId("pod-1"))
                                .attach(SESSION, Chat.USER, new ConnectionId("c1"), true));
    }

    @Test
    void eachChunkIsAppendedOnceWhicheverPodOffersIt() {
        chat.ask("m1");

        Plain.Taken first = taken(send(text("m1", 0, "a")));
        Plain.Taken again = taken(send(text("m1", 0, "a"), text("m1", 1, "b")));
        Plain.Taken last = taken(send(chunk("m1", 2, "c", STOP)));

        assertThat(chat.transcript())
                .containsExactly("message m1", "m1/0 a", "m1/1 b", "m1/2 c", "message_complete m1");
        assertThat(first.entries()).isEqualTo(chat.entries().subList(1, 2));
        assertThat(again.entries()).isEqualTo(chat.entries().subList(2, 3));
        assertThat(again.doubled()).isOne();
        assertThat(last.entries()).isEqualTo(chat.entries().subList(3, 5));
        assertThat(last.ended()).isTrue();
        assertThat(last.tail()).isEqualTo(chat.tail());
        assertThat(send(chunk("m1", 2, "c", STOP))).isEqualTo(new Plain.Ended());
        assertThat(chat.waiting()).isEmpty();
        assertThat(chat.open()).isEmpty();
        assertThat(answer(chat.log().atRest(SESSION, new MessageId("m1")))).isTrue();
    }

    @Test
    void earlyChunksAreNotAppendedUntilTheMissingOnesAreGivenUp() {
        chat.ask("m1");
        send(text("m1", 0, "a"));
        Chunk early = text("m1", 3, "d");

        Plain.Taken held = taken(send(early));
        Plain.Taken closed = taken(answer(plain.append(List.of(early, text("m1", 5, "f")), true)));

        assertThat(held.entries()).isEmpty();
        assertThat(held.next()).isOne();
        assertThat(closed.gaps()).isOne();
        assertThat(closed.next()).isEqualTo(4);
        assertThat(taken(send(text("m1", 1, "b"))).doubled()).isOne();
        assertThat(chat.transcript())
                .containsExactly("message m1", "m1/0 a", "m1/1 status", "m1/3 d");
    }

    @Test
    void aRunOfOursTakesNothingFromOthers() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();

        assertThat(send(text("m1", 0, "theirs"))).isEqualTo(new Plain.Ours());
        answer(chat.log().release(SESSION, new MessageId("m1"), token));

        assertThat(send(text("m1", 0, "theirs"))).isEqualTo(new Plain.Ours());
        assertThat(chat.transcript()).containsExactly("message m1");
    }

    @Test
    void aWorkerOfOursContinuesWhereAPlainOneStopped() {
        chat.ask("m1");
        send(text("m1", 0, "a"), text("m1", 1, "b"));

        Claim.Claimed claimed = chat.claimed("w1");

        assertThat(claimed.nextChunk()).isEqualTo(2);
        assertThat(claimed.streamed()).hasSize(2);
        assertThat(send(text("m1", 2, "theirs"))).isEqualTo(new Plain.Ours());
        assertThat(chat.append(Chat.last("m1", claimed.token(), 2, "ours")))
                .isInstanceOf(Append.Appended.class);
    }

    @Test
    void anAnswerOfAPlainWorkerCanBeCancelled() {
        chat.ask("m1");
        send(text("m1", 0, "a"), text("m1", 1, "b"));

        answer(chat.log().finish(Optional.of(Chat.USER), chunk("m1", 0, "", STOP)));

        assertThat(chat.transcript())
                .containsExactly("message m1", "m1/0 a", "m1/1 b", "m1/2 ", "message_complete m1");
        assertThat(send(text("m1", 2, "c"))).isEqualTo(new Plain.Ended());
    }

    @Test
    void anAnswerWithoutARequestToOurGatewaysIsShownFromItsStart() {
        assertThat(send(text("m9", 0, "a"))).isEqualTo(new Plain.None());
        attach();
        chat.converse("m1");

        Plain.Taken first = taken(send(text("m9", 0, "a")));
        send(text("m9", 1, "b"));

        Attach.Attached during = attach();
        assertThat(during.start().number()).isEqualTo(first.entries().getFirst().id().number() - 1);
        assertThat(REDIS.commands().ttl(Keys.run(SESSION, new MessageId("m9")))).isPositive();
        assertThat(REDIS.commands().ttl(Keys.log(SESSION))).isPositive();

        send(chunk("m9", 2, "c", STOP));

        assertThat(attach().start()).isEqualTo(chat.tail());
        assertThat(chat.claim("w1", Token.mint())).isEqualTo(new Claim.Idle());
        assertThat(chat.waiting()).isEmpty();
    }

    @Test
    void anAnswerOfAPlainWorkerComesIntoTheHistory() {
        RedisHistory history = new RedisHistory(REDIS.redis());
        chat.ask("m1");
        send(text("m1", 0, "a "), chunk("m1", 1, "b", STOP));

        answer(history.settle(SESSION));

        String turns =
                new String(
                        answer(history.newest(SESSION, Chat.USER)).orElseThrow().json(),
                        StandardCharsets.UTF_8);
        assertThat(turns).contains("\"answer\":\"a b\"").contains("\"model\":\"theirs\"");
    }

    @Test
    void theLogOfAPlainAnswerIsAChainLikeAnyOther() {
        chat.ask("m1");
        send(text("m1", 0, "a"), text("m1", 1, "b"));

        List<Entry> entries = chat.entries(); // checks each number and hash

        assertThat(entries).hasSize(3);
        assertThat(((Slice.Entries) chat.read(entries.get(1).id(), 10)).entries())
                .isEqualTo(entries.subList(2, 3));
    }
}
