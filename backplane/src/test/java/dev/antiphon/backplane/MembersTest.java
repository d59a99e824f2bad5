package dev.antiphon.backplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.protocol.PodId;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

final class MembersTest {

    private static Set<PodId> pods(String... members) {
        return Members.pods(Stream.of(members).map(Redis::bytes).toList());
    }

    /// The form of PROTOCOL.md §2.
    @Test
    void membersNameTheirPods() {
        assertThat(pods("pod-1:conn-abc", "pod-2:conn-xyz"))
                .containsExactlyInAnyOrder(new PodId("pod-1"), new PodId("pod-2"));
    }

    @Test
    void eachPodIsNamedOnce() {
        assertThat(pods("pod-1:a", "pod-1:b", "pod-1:c")).containsExactly(new PodId("pod-1"));
        assertThat(Members.pods(List.of())).isEmpty();
    }

    @Test
    void anyTextAfterTheLastColonIsTheConnection() {
        assertThat(pods("pod-1:", "pod-2: \u0000é")).hasSize(2);
        assertThat(pods("10.0.0.1:8080:conn")).isEmpty(); // a subject could not name this pod
    }

    @Test
    void malformedMembersAreSkipped() {
        assertThat(pods("", ":", ":conn", "pod-1", "p.1:c", "*:c", ">:c", "é:c", "a b:c", "ok:c"))
                .containsExactly(new PodId("ok"));
    }
}
