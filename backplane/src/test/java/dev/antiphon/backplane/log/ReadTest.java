package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.last;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.Keys;

import io.lettuce.core.XTrimArgs;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.List;

final class ReadTest {

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);

    private void sixEntries() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a", "b", "c"));
        chat.append(last("m1", token, 3, "d"));
    }

    @Test
    void aSessionThatIsNotThereHasNoLog() {
        assertThat(chat.read(EntryId.start(1), 10)).isEqualTo(new Slice.None());
        assertThat(answer(chat.log().tail(SESSION))).isEmpty();
    }

    @Test
    void fromEveryPlaceTheRestFollowsWithoutGaps() {
        sixEntries();
        List<Entry> all = chat.entries();

        for (int from = 0; from <= all.size(); from++) {
            EntryId cursor = from == 0 ? chat.start() : all.get(from - 1).id();
            for (int most = 1; most <= all.size() + 1; most++) {
                int end = Math.min(all.size(), from + most);
                assertThat(chat.read(cursor, most))
                        .isEqualTo(new Slice.Entries(all.subList(from, end), chat.tail()));
            }
        }
    }

    @Test
    void nothingFollowsTheTail() {
        sixEntries();

        assertThat(chat.read(chat.tail(), 10)).isEqualTo(new Slice.Entries(List.of(), chat.tail()));
        assertThat(chat.tail()).isEqualTo(chat.entries().getLast().id());
    }

    @Test
    void aReadBringsAtMost256KiBButAtLeastOneEntry() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        String large = "x".repeat(100_000);
        chat.append(batch("m1", token, 0, large, large, large, "x".repeat(300_000)));
        List<Entry> all = ((Slice.Entries) chat.read(chat.start(), 3)).entries();

        assertThat(all).hasSize(3); // the message and two of 100 kB
        assertThat(((Slice.Entries) chat.read(chat.start(), 100)).entries()).isEqualTo(all);
        EntryId third = ((Slice.Entries) chat.read(all.getLast().id(), 1)).entries().getLast().id();
        assertThat(((Slice.Entries) chat.read(third, 100)).entries()).hasSize(1);
    }

    @Test
    void aPlaceInAnotherLogIsLost() {
        sixEntries();
        EntryId here = chat.entries().get(2).id();
        EntryId elsewhere = new EntryId(here.generation() ^ 1, here.number(), here.hash());

        assertThat(chat.read(elsewhere, 10))
                .isEqualTo(new Slice.Lost("other_generation", chat.tail()));
    }

    @Test
    void aPlaceBeyondTheTailOrWithAnotherPastIsLost() {
        sixEntries();
        EntryId tail = chat.tail();
        EntryId third = chat.entries().get(2).id();

        assertThat(chat.read(new EntryId(tail.generation(), 7, tail.hash()), 10))
                .isEqualTo(new Slice.Lost("rolled_back", tail));
        assertThat(chat.read(new EntryId(tail.generation(), 3, ~third.hash()), 10))
                .isEqualTo(new Slice.Lost("rolled_back", tail));
        assertThat(chat.read(new EntryId(tail.generation(), 6, ~tail.hash()), 10))
                .isEqualTo(new Slice.Lost("rolled_back", tail));
        assertThat(chat.read(new EntryId(tail.generation(), 999_999_999_999_999L, 0), 10))
                .isEqualTo(new Slice.Lost("rolled_back", tail));
    }

    @Test
    void aPlaceThatWasTrimmedAwayIsLostAndThoseAfterItAreNot() {
        sixEntries();
        List<Entry> all = chat.entries();
        REDIS.commands().xtrim(Keys.log(SESSION), XTrimArgs.Builder.minId("3-0"));

        assertThat(chat.read(chat.start(), 10)).isEqualTo(new Slice.Lost("trimmed", chat.tail()));
        assertThat(chat.read(all.get(1).id(), 10))
                .isEqualTo(new Slice.Lost("trimmed", chat.tail()));
        assertThat(chat.read(all.get(2).id(), 10))
                .isEqualTo(new Slice.Entries(all.subList(3, 6), chat.tail()));
    }

    @Test
    void ofALogWhoseEntriesHaveExpiredEveryPlaceIsLost() {
        sixEntries();
        EntryId tail = chat.tail();
        REDIS.commands().del(Keys.log(SESSION));

        assertThat(chat.read(EntryId.start(tail.generation()), 10))
                .isEqualTo(new Slice.Lost("trimmed", tail));
        assertThat(chat.read(tail, 10)).isEqualTo(new Slice.Lost("trimmed", tail));
    }
}
