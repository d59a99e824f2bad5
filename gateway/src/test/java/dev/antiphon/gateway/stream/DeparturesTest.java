package dev.antiphon.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.ConnectionId;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/// Leaving while Redis is unavailable.
final class DeparturesTest {

    private final Pod pod = new Pod();

    /// A client that cannot enter might have been registered all the same. Clients come and go while Redis
    /// is unavailable.
    private void comeAndGo(int clients) {
        pod.registry.replies.away();
        for (int i = 0; i < clients; i++) {
            Subscriber subscriber = pod.open(new Client(), new Cursor.None());
            pod.loop.settle();
            subscriber.leave();
            pod.loop.settle();
        }
    }

    @Test
    void callsThatRedisDidNotTakeAreRetried() {
        comeAndGo(100);
        pod.registry.members().add(new ConnectionId("conn_7")); // done, but not answered

        pod.registry.replies.back();
        pod.pass(Duration.ofSeconds(1));

        assertThat(pod.registry.members()).isEmpty();
        assertThat(pod.count(StreamCount.DEPARTURE_DROPPED)).isZero();
    }

    /// Redis had lost its last two seconds, including the client's departure.
    @Test
    void aMemberThatRedisHasBackIsTakenOutAgain() {
        comeAndGo(1);
        pod.registry.replies.back();
        pod.pass(Duration.ofSeconds(1));
        assertThat(pod.registry.members()).isEmpty();
        pod.registry.members().add(new ConnectionId("conn_1"));

        pod.pass(Duration.ofSeconds(10));

        assertThat(pod.registry.members()).isEmpty();
    }

    @Test
    void whenTooManyLeftThePodIsRegisteredAgain() {
        Client stays = pod.connect();
        comeAndGo(Departures.MOST + 50);
        assertThat(pod.count(StreamCount.DEPARTURE_DROPPED)).isPositive();
        pod.registry.members().add(new ConnectionId("conn_" + (Departures.MOST + 40)));

        pod.registry.replies.back();
        pod.pass(Duration.ofSeconds(2));

        assertThat(pod.registry.members()).containsExactly(new ConnectionId("conn_1"));
        assertThat(stays.isOpen()).isTrue();
    }

    @Test
    void aPodThatStopsEndsSomeStreamsAtATime() {
        List<Client> clients = Stream.generate(pod::connect).limit(5).toList();

        assertThat(pod.hub.close(2)).isEqualTo(3);
        assertThat(clients.stream().filter(Client::ended)).hasSize(2);
        assertThat(pod.hub.close(10)).isZero();
        pod.loop.settle();

        assertThat(clients).allMatch(Client::ended);
        assertThat(pod.registry.members()).isEmpty();
        assertThat(pod.count(StreamCount.DRAINED)).isEqualTo(5);
    }
}
