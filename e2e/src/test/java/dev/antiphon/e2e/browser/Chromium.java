package dev.antiphon.e2e.browser;

import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.Programs;
import dev.antiphon.servers.ChildProcess;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// A headless Chromium, with its own folder. Its users share nothing with each other.
final class Chromium implements AutoCloseable {
    private static final Duration STARTED_WITHIN = Duration.ofSeconds(30);

    private final Path profile;
    private final ChildProcess process;
    private final DevTools devTools;

    private Chromium(Path profile, ChildProcess process, DevTools devTools) {
        this.profile = profile;
        this.process = process;
        this.devTools = devTools;
    }

    /// @param folder an empty one, for profile and log
    static Chromium start(Path folder) {
        Path profile = folder.resolve("profile");
        var command =
                new ProcessBuilder(
                                Programs.find(
                                        "chromium",
                                        "chromium",
                                        "chromium-browser",
                                        "google-chrome"),
                                "--headless",
                                // It opens only our own pages, and as root it does not
                                // start otherwise.
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-quic",
                                "--disable-dev-shm-usage",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync",
                                // A background tab stands for the second tab of a user who looks at
                                // the first one.
                                "--disable-renderer-backgrounding",
                                "--disable-backgrounding-occluded-windows",
                                "--disable-background-timer-throttling",
                                "--lang=en-US",
                                "--remote-debugging-port=0",
                                "--user-data-dir=" + profile,
                                "about:blank")
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("chromium.log").toFile());
        ChildProcess process = ChildProcess.start(command);
        return new Chromium(profile, process, new DevTools(address(profile, process)));
    }

    /// A user on another machine: a storage that no other user has.
    Person person() {
        return new Person(
                devTools,
                devTools.call(null, "Target.createBrowserContext", Map.of())
                        .path("browserContextId")
                        .asString(),
                List.of());
    }

    /// Ends the browser and every process that it started.
    @Override
    public void close() {
        devTools.close();
        process.stop(Duration.ofSeconds(5));
        // Links that lead out of the folder would be a surprise for the code that deletes it.
        for (String link : List.of("SingletonLock", "SingletonSocket", "SingletonCookie")) {
            try {
                Files.deleteIfExists(profile.resolve(link));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    // It writes the port and path of its DevTools to a file once it listens.
    private static URI address(Path profile, ChildProcess process) {
        Path written = profile.resolve("DevToolsActivePort");
        List<String> lines =
                await("Chromium to start")
                        .atMost(STARTED_WITHIN)
                        .failFast(
                                "Chromium ended, see " + profile.getParent(),
                                () -> !process.isAlive())
                        .until(() -> read(written), found -> found.size() == 2);
        return URI.create("ws://127.0.0.1:" + lines.getFirst() + lines.getLast());
    }

    private static List<String> read(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
