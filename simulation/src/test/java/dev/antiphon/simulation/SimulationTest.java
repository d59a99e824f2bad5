package dev.antiphon.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Thousands of worlds; none can break an invariant, and together they must have seen every kind of fault.
final class SimulationTest {

    /// Enough for every kind of fault to happen by itself.
    private static final int REPRESENTATIVE = 1_000;

    @Test
    void noSeedBreaksAnInvariant() throws Exception {
        String one = System.getProperty("antiphon.seed", "");
        if (!one.isEmpty()) {
            Worlds alone = new Worlds();
            alone.live(Long.parseLong(one));
            assertThat(alone.failures()).isEmpty();
            return;
        }
        int seeds = Integer.getInteger("antiphon.seeds", 2_000);
        long start = System.nanoTime();
        Worlds worlds = Worlds.inProcesses(seeds);
        System.out.printf(
                "%d worlds in %.1f s: %s%n",
                seeds, (System.nanoTime() - start) / 1e9, worlds.counts());
        assertThat(worlds.failures().stream().limit(10))
                .as("%d of %d seeds", worlds.failures().size(), seeds)
                .isEmpty();
        if (seeds >= REPRESENTATIVE) {
            for (Chronicle.Count count : Chronicle.Count.values()) {
                assertThat(worlds.counts().getOrDefault(count, 0L)).as(count.name()).isPositive();
            }
        }
    }

    @Test
    void aSeedIsTheSameWorldEveryTime() {
        for (long seed = 1; seed <= 20; seed++) {
            World first = World.lived(seed, new Seams());
            World second = World.lived(seed, new Seams());
            assertThat(second.scheduler().steps()).isEqualTo(first.scheduler().steps());
            assertThat(second.scheduler().now()).isEqualTo(first.scheduler().now());
        }
    }
}
