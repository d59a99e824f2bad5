package dev.antiphon.servers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

final class WatchdogTest {
    // A killed JVM cannot delete the temporary directories of its servers.
    @TempDir Path temporary;

    /// Starts both servers and waits to be killed.
    static final class TwoServers {
        public static void main(String... arguments) throws InterruptedException {
            System.out.println("pid=" + NatsServer.start().pid());
            System.out.println("pid=" + RedisServer.start().pid());
            Thread.currentThread().join();
        }
    }

    /// Starts a server and ends without closing it.
    static final class Forgetful {
        public static void main(String... arguments) {
            System.out.println("pid=" + RedisServer.start().pid());
        }
    }

    /// Starts a child that ignores TERM and waits to be killed.
    static final class WithStubbornChild {
        public static void main(String... arguments) throws Exception {
            var builder =
                    new ProcessBuilder(
                            "sh", "-c", "trap '' TERM; echo trapped; while :; do sleep 1; done");
            ChildProcess child = ChildProcess.start(builder);
            // Its first output says that the trap is set.
            assertThat(child.output().read()).isEqualTo('t');
            System.out.println("pid=" + child.pid());
            Thread.currentThread().join();
        }
    }

    /// Starts a child that has a child, as `npx` does, and waits to be killed.
    static final class WithGrandchild {
        public static void main(String... arguments) throws Exception {
            var builder = new ProcessBuilder("sh", "-c", "sleep 1000 & echo pid=$!; wait");
            ChildProcess child = ChildProcess.start(builder);
            var output = new InputStreamReader(child.output(), StandardCharsets.US_ASCII);
            System.out.println(new BufferedReader(output).readLine());
            System.out.println("pid=" + child.pid());
            Thread.currentThread().join();
        }
    }

    /// Kills its watchdog between two starts, prints which servers it started, and waits to be killed.
    static final class WithKilledWatchdog {
        public static void main(String... arguments) throws InterruptedException {
            long first = RedisServer.start().pid();
            ProcessHandle.current()
                    .children()
                    .filter(child -> child.pid() != first)
                    .forEach(child -> {
                        child.destroyForcibly();
                        child.onExit().join();
                    });
            System.out.println("pid=" + first);
            System.out.println("pid=" + NatsServer.start().pid());
            Thread.currentThread().join();
        }
    }

    @Test
    void aWatchdogThatWasKilledIsReplacedByOneThatWatchesAll() throws Exception {
        Process jvm = start(WithKilledWatchdog.class);
        List<ProcessHandle> servers = ForkedJvm.pids(jvm, 2);

        jvm.destroyForcibly();

        for (ProcessHandle server : servers) {
            server.onExit().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void serversEndWhenTheirJvmIsKilled() throws Exception {
        Process jvm = start(TwoServers.class);
        List<ProcessHandle> servers = ForkedJvm.pids(jvm, 2);

        jvm.destroyForcibly();

        for (ProcessHandle server : servers) {
            server.onExit().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void serversEndWhenTheirJvmEndsWithoutClosingThem() throws Exception {
        Process jvm = start(Forgetful.class);
        ProcessHandle server = ForkedJvm.pids(jvm, 1).getFirst();

        server.onExit().get(10, TimeUnit.SECONDS);
        assertThat(jvm.waitFor()).isZero();
    }

    @Test
    void aChildThatIgnoresTermIsKilled() throws Exception {
        Process jvm = start(WithStubbornChild.class);
        ProcessHandle child = ForkedJvm.pids(jvm, 1).getFirst();

        jvm.destroyForcibly();

        child.onExit().get(15, TimeUnit.SECONDS);
    }

    @Test
    void aChildsChildrenEndWithIt() throws Exception {
        Process jvm = start(WithGrandchild.class);
        List<ProcessHandle> both = ForkedJvm.pids(jvm, 2);

        jvm.destroyForcibly();

        for (ProcessHandle each : both) {
            each.onExit().get(15, TimeUnit.SECONDS);
        }
    }

    private Process start(Class<?> main) throws IOException {
        return ForkedJvm.running(main, "-Djava.io.tmpdir=" + temporary).start();
    }
}
