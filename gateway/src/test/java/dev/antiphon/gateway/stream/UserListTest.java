package dev.antiphon.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.history.SessionState.State;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// A user's list in one pod: hints arrive and are lost, reads take their time and fail.
final class UserListTest {

    private static final UserId USER = new UserId("u");

    private final ManualLoop loop = new ManualLoop();
    private final ModelLists lists = new ModelLists();
    private final ModelLog log = new ModelLog();
    private final StreamCounters counters = new StreamCounters();
    private final Hub hub =
            new Hub(
                    loop,
                    log,
                    (_, _) -> CompletableFuture.completedStage(Optional.empty()),
                    lists,
                    new ModelRegistry(log),
                    () -> new ConnectionId("conn"),
                    counters);

    private Client shows(UserId user) {
        Client client = new Client();
        client.reads(Bundle.open(hub, user, List.of(), true, client));
        loop.settle();
        return client;
    }

    private void changed(String... sessions) {
        for (String session : sessions) {
            hub.changed(USER, new SessionId(session));
        }
        loop.settle();
    }

    private void pass(Duration time) {
        for (long left = time.toNanos(); left > 0; left -= Hub.TICK.toNanos()) {
            loop.pass(Hub.TICK);
            hub.tick();
            loop.settle();
        }
    }

    /// In short form: `whole a running, b waiting` or `c idle`.
    private static List<String> listEvents(Client client) {
        List<String> told = new ArrayList<>();
        for (Client.Event event : client.events()) {
            ObjectNode list = Json.readObject(event.data().getBytes(StandardCharsets.UTF_8));
            List<String> sessions = new ArrayList<>();
            for (JsonNode each : list.get("sessions")) {
                sessions.add(
                        each.get("session_id").stringValue()
                                + " "
                                + each.get("state").stringValue());
            }
            told.add(
                    (list.get("whole").booleanValue() ? "whole " : "")
                            + String.join(", ", sessions));
        }
        return told;
    }

    private static String[] names(int from, int to) {
        List<String> names = new ArrayList<>();
        for (int i = from; i < to; i++) {
            names.add("s" + i);
        }
        return names.toArray(String[]::new);
    }

    @Test
    void aStreamBeginsWithAllActiveSessionsAndContinuesWithChanges() {
        lists.put(USER, "a", State.RUNNING, "A");
        lists.put(USER, "b", State.IDLE, "B");
        Client client = shows(USER);
        assertThat(listEvents(client)).containsExactly("whole a running");

        changed("a", "b"); // nothing has
        lists.put(USER, "b", State.WAITING, "B");
        changed("b");
        lists.remove(USER, "a");
        changed("a");
        assertThat(listEvents(client)).containsExactly("whole a running", "b waiting", "a deleted");
    }

    @Test
    void hintsOfUsersWhoAreNotShownHereCostNothing() {
        Client client = shows(new UserId("other"));
        changed("a");
        assertThat(lists.looks).isEmpty();
        assertThat(listEvents(client)).containsExactly("whole ");
    }

    @Test
    void aLostHintIsMadeUpForWithinHalfAMinute() {
        Client client = shows(USER);
        lists.put(USER, "a", State.RUNNING, "A");
        pass(UserList.READ_EVERY);
        lists.put(USER, "a", State.RUNNING, "another title");
        pass(UserList.READ_EVERY);
        pass(UserList.READ_EVERY);
        assertThat(listEvents(client))
                .containsExactly("whole ", "whole a running", "whole a running");
        assertThat(counters.of(StreamCount.LIST_REPAIRED)).isEqualTo(2);
        assertThat(lists.wholeReads).isEqualTo(4);
    }

    @Test
    void afterNatsWasUnavailableTheListIsReadAtOnce() {
        Client client = shows(USER);
        lists.put(USER, "a", State.RUNNING, "A");
        hub.ringsWereLost();
        loop.settle();
        assertThat(listEvents(client)).containsExactly("whole ", "whole a running");
    }

    @Test
    void aChangeDuringAReadIsReadAfterwards() {
        Client client = shows(USER);
        lists.put(USER, "a", State.RUNNING, "A");
        lists.hold();
        changed("a");
        lists.put(USER, "a", State.IDLE, "A");
        changed("a", "a");
        assertThat(lists.looks).hasSize(1);
        lists.answer();
        loop.settle();
        assertThat(lists.looks).hasSize(2);
        assertThat(listEvents(client)).containsExactly("whole ", "a running", "a idle");
    }

    @Test
    void moreHintsThanFitAreOneReadOfTheWholeList() {
        Client client = shows(USER);
        lists.hold();
        changed("first");
        int most = UserList.MOST_CHANGED;
        for (String each : names(0, most + 10)) {
            lists.put(USER, each, State.RUNNING, each);
        }
        changed(names(0, most + 10));
        lists.answer();
        loop.settle();
        assertThat(counters.of(StreamCount.LIST_HINT_DROPPED)).isEqualTo(10);
        assertThat(lists.wholeReads).isEqualTo(2);
        assertThat(listEvents(client).getLast()).startsWith("whole s").contains("s" + (most + 9));
    }

    @Test
    void whileAClientDoesNotReadItsNewsAreBounded() {
        Client client = shows(USER);
        client.stopReading();
        lists.put(USER, "a", State.RUNNING, "A");
        changed("a"); // waits in the client
        for (String each : names(0, UserList.MOST_CHANGED + 1)) {
            lists.put(USER, each, State.RUNNING, each);
            changed(each);
        }
        client.readAgain();
        assertThat(listEvents(client)).hasSize(3);
        assertThat(listEvents(client).get(1)).isEqualTo("a running");
        assertThat(listEvents(client).get(2)).startsWith("whole ");
    }

    @Test
    void aReadThatFailsIsRepeatedASecondLater() {
        lists.isAway = true;
        Client client = shows(USER);
        pass(Duration.ofMillis(500));
        assertThat(counters.of(StreamCount.LIST_FAILED)).isOne();
        lists.isAway = false;
        lists.put(USER, "a", State.WAITING, "A");
        changed("a"); // not sooner
        assertThat(listEvents(client)).isEmpty();
        pass(Duration.ofSeconds(1));
        assertThat(listEvents(client)).containsExactly("whole a waiting");
    }

    @Test
    void aStreamOfAListAloneLivesAndEndsAsOthersDo() {
        Client client = shows(USER);
        assertThat(hub.connections()).isOne();
        pass(Duration.ofSeconds(16));
        assertThat(client.text()).endsWith(": ping\n\n");

        client.stopReading();
        lists.put(USER, "a", State.RUNNING, "A");
        changed("a");
        pass(Duration.ofSeconds(31));
        assertThat(client.aborted()).isTrue();
        assertThat(hub.connections()).isZero();

        Client other = shows(USER);
        assertThat(hub.close(5)).isZero();
        assertThat(other.ended()).isTrue();
    }
}
