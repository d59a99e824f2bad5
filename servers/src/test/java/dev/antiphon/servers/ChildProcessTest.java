package dev.antiphon.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.io.UncheckedIOException;
import java.time.Duration;

final class ChildProcessTest {
    @Test
    void leadsAProcessGroupOfItsOwnSoThatCtrlCDoesNotReachIt() throws Exception {
        ChildProcess child = ChildProcess.start(new ProcessBuilder("sleep", "60"));
        try {
            Process ps = new ProcessBuilder("ps", "-o", "pgid=", "-p", "" + child.pid()).start();
            assertThat(ps.inputReader().readLine().strip()).isEqualTo("" + child.pid());
        } finally {
            child.kill();
        }
    }

    @Test
    void stopEndsAnObedientProcessWithTerm() {
        ChildProcess child = ChildProcess.start(new ProcessBuilder("sleep", "60"));

        child.stop(Duration.ofSeconds(10));

        assertThat(child.onExit().join()).isEqualTo(128 + 15);
        // A second call does nothing.
        child.stop(Duration.ofSeconds(10));
    }

    @Test
    void stopKillsAProcessThatDoesNotEndInTime() throws Exception {
        ChildProcess child =
                ChildProcess.start(
                        new ProcessBuilder(
                                "sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done"));
        assertThat(child.output().read()).isEqualTo('\n');

        child.stop(Duration.ofMillis(50));

        assertThat(child.onExit().join()).isEqualTo(128 + 9);
        assertThat(child.isAlive()).isFalse();
    }

    @Test
    void aDirectoryThatIsNotThereIsAnError() {
        var builder = new ProcessBuilder("true").directory(new java.io.File("/nowhere"));

        assertThatThrownBy(() -> ChildProcess.start(builder))
                .isInstanceOf(UncheckedIOException.class);
    }
}
