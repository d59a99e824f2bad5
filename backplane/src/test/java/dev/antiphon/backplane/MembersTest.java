package dev.antiphon.backplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.protocol.PodId;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

final class MembersTest {

    private static Set<PodId> pods(String... members) {
        return read(members).all();
    }

    private static SessionPods read(String... members) {
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
        assertThat(Members.pods(List.of()).all()).isEmpty();
    }

    @Test
    void anyTextAfterTheLastColonIsTheConnection() {
        assertThat(pods("pod-1:", "pod-2: \u0000é")).hasSize(2);
        assertThat(pods("10.0.0.1:8080:conn")).isEmpty(); // a subject could not name this pod
    }

    /// A pod that reuses a name must hear, whatever the connections of the name's earlier owner say.
    @Test
    void aPodTakesBatchesWhenEachOfItsConnectionsSaysSo() {
        SessionPods pods =
                read("a:batch1_x", "b:batch1_x", "b:conn", "c:conn", "a:batch1_y", "c:batch1_x");

        assertThat(pods.batched()).containsExactly(new PodId("a"));
        assertThat(pods.single()).containsExactlyInAnyOrder(new PodId("b"), new PodId("c"));
        assertThat(read("d:batch1", "e:batch2_x", "f:Batch1_x", "g:xbatch1_x").batched()).isEmpty();
    }

    @Test
    void malformedMembersAreSkipped() {
        assertThat(pods("", ":", ":conn", "pod-1", "p.1:c", "*:c", ">:c", "é:c", "a b:c", "ok:c"))
                .containsExactly(new PodId("ok"));
    }
}
