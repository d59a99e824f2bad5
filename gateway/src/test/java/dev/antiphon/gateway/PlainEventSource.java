package dev.antiphon.gateway;

import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.NodePackages;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// EventSources of the npm package `eventsource` in one process of Node.js. They reconnect by the WHATWG rules alone:
/// after a network error, never after an error status.
final class PlainEventSource implements AutoCloseable {

    private static final Path INSTALLED = Path.of("target", "eventsource");

    private final ChildProcess node;
    private final Path seen;

    private PlainEventSource(ChildProcess node, Path seen) {
        this.node = node;
        this.seen = seen;
    }

    /// Opens one EventSource for each session, as `user1`.
    static PlainEventSource open(Path folder, int port, List<String> sessions) {
        NodePackages.install(Path.of("src", "test", "eventsource"), INSTALLED);
        List<String> command = new ArrayList<>();
        command.add(NodePackages.path("node").toString());
        command.add(INSTALLED.resolve("watch.mjs").toString());
        for (String session : sessions) {
            command.add(
                    "http://127.0.0.1:%d/api/sse?session_id=%s&user_id=user1"
                            .formatted(port, session));
        }
        Path seen = folder.resolve("seen.txt");
        return new PlainEventSource(
                ChildProcess.start(
                        new ProcessBuilder(command)
                                .redirectErrorStream(true)
                                .redirectOutput(seen.toFile())),
                seen);
    }

    /// The events so far: `{index} {event} {data}`, and `{index} closed {status}` for one that gave up.
    List<String> lines() {
        try {
            return Files.readAllLines(seen);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long count(String text) {
        return lines().stream().filter(line -> line.contains(text)).count();
    }

    @Override
    public void close() {
        node.kill();
    }
}
