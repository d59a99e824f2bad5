package dev.antiphon.chaos.system;

import dev.antiphon.servers.ChildProcess;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// A gateway or a worker over all its restarts: a process with its own proxies to Redis and NATS. Start, stop and
/// restart from one thread at a time.
public final class Member implements AutoCloseable {

    private static final Pattern WORKER_ID =
            Pattern.compile("worker is up .*?worker=([A-Za-z0-9_-]+)");
    private static final Duration STOP_GRACE = Duration.ofSeconds(40);

    private final String name;
    private final String command;
    private final Launch launch;
    private final Path folder;
    private final Map<String, String> environment;
    private final FaultProxy redis;
    private final FaultProxy nats;
    private volatile @Nullable ChildProcess process;

    /// The number of its present life; each life has its own log file.
    private final AtomicInteger life = new AtomicInteger();

    Member(
            String name,
            String command,
            Launch launch,
            Path folder,
            Map<String, String> environment,
            FaultProxy redis,
            FaultProxy nats) {
        this.name = name;
        this.command = command;
        this.launch = launch;
        this.folder = folder;
        this.redis = redis;
        this.nats = nats;
        this.environment = new HashMap<>(environment);
        this.environment.put("NATS_URL", "nats://127.0.0.1:" + nats.port());
        this.environment.put("REDIS_HOST", "127.0.0.1");
        this.environment.put("REDIS_PORT", "" + redis.port());
    }

    public String name() {
        return name;
    }

    public boolean isWorker() {
        return command.equals("worker");
    }

    /// Starts it, or restarts it if it has ended; does not wait until it serves.
    public void start() {
        life.incrementAndGet();
        // A data folder of its own, so that it does not complete its settings from an `up` on
        // this machine.
        List<String> words = launch.command(command, "--data", folder.resolve("data").toString());
        var builder =
                new ProcessBuilder(words)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
        builder.environment().putAll(environment);
        process = ChildProcess.start(builder);
    }

    private Path log() {
        return folder.resolve(name + "." + life.get() + ".log");
    }

    private ChildProcess process() {
        ChildProcess latest = process;
        if (latest == null) {
            throw new IllegalStateException(name + " was never started");
        }
        return latest;
    }

    public long pid() {
        return process().pid();
    }

    public boolean isAlive() {
        return process().isAlive();
    }

    /// Whether it has reported that it serves.
    public boolean isUp() {
        String said = read();
        return isAlive()
                && (said.startsWith(command + " pid=") || said.contains("\n" + command + " pid="));
    }

    /// The id of a worker's present life; empty before it has one.
    public String workerId() {
        return WORKER_ID
                .matcher(read())
                .results()
                .map(each -> each.group(1))
                .findFirst()
                .orElse("");
    }

    private String read() {
        try {
            return Files.exists(log()) ? Files.readString(log()) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The matches of this pattern in its logs, over all lives.
    Set<String> said(Pattern pattern) {
        Set<String> said = new HashSet<>();
        for (int each = 1; each <= life.get(); each++) {
            try {
                String text = Files.readString(folder.resolve(name + "." + each + ".log"));
                pattern.matcher(text).results().map(MatchResult::group).forEach(said::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return said;
    }

    public void kill() {
        process().kill();
    }

    /// Sends SIGTERM; returns when it has ended.
    ///
    /// @return whether it ended by itself, in time
    public boolean terminate() throws InterruptedException {
        Signals.terminate(pid());
        if (process().awaitExit(STOP_GRACE)) {
            return true;
        }
        kill();
        return false;
    }

    public void pause() {
        Signals.stop(pid());
    }

    public void resume() {
        Signals.go(pid());
    }

    public void cutRedis() {
        redis.cut();
    }

    public void freezeRedis() {
        redis.freeze();
    }

    public void cutNats() {
        nats.cut();
    }

    public void freezeNats() {
        nats.freeze();
    }

    public void healLinks() {
        redis.heal();
        nats.heal();
    }

    @Override
    public void close() {
        ChildProcess latest = process;
        if (latest != null && latest.isAlive()) {
            resume();
            latest.stop(STOP_GRACE);
        }
        redis.close();
        nats.close();
    }
}
