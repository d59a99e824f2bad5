package dev.antiphon.chaos.system;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// The resources of a quiet system. Measured before the load and after it, they must be alike.
public final class Baseline {

    /// Pools can be slightly larger than before.
    private static final int MORE_SOCKETS = 6;

    /// A live set that grew by this much is a leak: an answer that is not freed takes some 20 KB.
    private static final long MORE_HEAP_BYTES = 24L << 20;

    /// A reaper runs every 30 s; JetStream's janitor, for data that a killed server left, once a minute.
    private static final Duration QUIET_WITHIN = Duration.ofSeconds(90);

    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    /// The keys that a session leaves on purpose, for two or thirty days: log, meta, history, turns.
    private static final List<String> OF_A_SESSION =
            List.of("chat:log:", "chat:meta:", "chat:history:", "chat:turns:");

    /// Keys that can also be left, at most one per session: each session of a run has its own user.
    private static final List<String> AT_MOST_OF_A_SESSION =
            List.of("chat:runs:", "chat:sessions:", "chat:active:");

    private static final String OF_A_MESSAGE = "chat:run:";

    /// The keys of a living process: keys with these prefixes can exist, and no others.
    private static final List<String> OF_A_PROCESS =
            List.of("chat:worker:", "chat:workers", "pod:alive:", "chat:pods", "chat:catalog");

    /// The two generations of the serial collector, which our processes use.
    private static final Pattern USED =
            Pattern.compile("^ *(?:DefNew|Tenured) .*?, used ([0-9]+)K", Pattern.MULTILINE);

    private final SystemUnderTest system;
    private final DirectRedis redis;

    /// Sockets and heap of each process at rest, by its name.
    private final Map<String, Long> sockets = new LinkedHashMap<>();

    private final Map<String, Long> heaps = new LinkedHashMap<>();

    private Baseline(SystemUnderTest system, DirectRedis redis) {
        this.system = system;
        this.redis = redis;
    }

    /// Measures a serving system before the load.
    public static Baseline of(SystemUnderTest system, DirectRedis redis) {
        Baseline baseline = new Baseline(system, redis);
        for (Member member : system.members()) {
            sockets(member).ifPresent(count -> baseline.sockets.put(member.name(), count));
            baseline.heaps.put(member.name(), heap(member));
        }
        return baseline;
    }

    /// Waits until everything is as before, except for what sessions leave on purpose.
    ///
    /// @return the remaining differences when the time is over; empty when there are none
    public List<String> differences(int sessions, int messages) throws InterruptedException {
        long deadline = System.nanoTime() + QUIET_WITHIN.toNanos();
        List<String> differences = look(sessions, messages);
        while (!differences.isEmpty() && System.nanoTime() < deadline) {
            Thread.sleep(LOOK_EVERY);
            differences = look(sessions, messages);
        }
        if (differences.isEmpty()) {
            differences = heapDifferences();
        }
        return differences;
    }

    private List<String> look(int sessions, int messages) {
        List<String> differences = new ArrayList<>();
        redisKeys(sessions, messages, differences);
        streams(differences);
        for (Member member : system.members()) {
            long before = sockets.getOrDefault(member.name(), Long.MAX_VALUE - MORE_SOCKETS);
            sockets(member)
                    .ifPresent(now -> {
                        if (now > before + MORE_SOCKETS) {
                            differences.add(
                                    "%s has %d sockets instead of %d"
                                            .formatted(member.name(), now, before));
                        }
                    });
        }
        return differences;
    }

    // Redis

    private void redisKeys(int sessions, int messages, List<String> differences) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        List<String> others = new ArrayList<>();
        for (String key : redis.keys("")) {
            String prefix = prefix(key);
            if (prefix.isEmpty()) {
                others.add(key);
            } else {
                counts.merge(prefix, 1, Integer::sum);
            }
        }
        OF_A_SESSION.forEach(prefix -> same(differences, prefix, counts, sessions));
        for (String prefix : AT_MOST_OF_A_SESSION) {
            int count = counts.getOrDefault(prefix, 0);
            if (count > sessions) {
                differences.add("%d keys %s* for %d sessions".formatted(count, prefix, sessions));
            }
        }
        same(differences, OF_A_MESSAGE, counts, messages);
        same(differences, "chat:worker:", counts, system.workers().size());
        if (!others.isEmpty()) {
            differences.add(
                    "%d keys are left, such as %s"
                            .formatted(
                                    others.size(), others.subList(0, Math.min(5, others.size()))));
        }
    }

    private static void same(
            List<String> differences, String prefix, Map<String, Integer> counts, int wanted) {
        int count = counts.getOrDefault(prefix, 0);
        if (count != wanted) {
            differences.add("%d keys %s* instead of %d".formatted(count, prefix, wanted));
        }
    }

    private static String prefix(String key) {
        for (String prefix : OF_A_SESSION) {
            if (key.startsWith(prefix)) {
                return prefix;
            }
        }
        for (String prefix : AT_MOST_OF_A_SESSION) {
            if (key.startsWith(prefix)) {
                return prefix;
            }
        }
        for (String prefix : OF_A_PROCESS) {
            if (key.startsWith(prefix)) {
                return prefix;
            }
        }
        return key.startsWith(OF_A_MESSAGE) ? OF_A_MESSAGE : "";
    }

    // JetStream

    private void streams(List<String> differences) {
        JsonNode jetStream = jetStream();
        boolean seen = false;
        for (JsonNode account : jetStream.path("account_details")) {
            for (JsonNode stream : account.path("stream_detail")) {
                seen = true;
                nothing(
                        differences,
                        stream.path("name").asString("") + "'s messages",
                        stream.path("state").path("messages"));
                for (JsonNode consumer : stream.path("consumer_detail")) {
                    nothing(differences, "requests to deliver", consumer.path("num_pending"));
                    nothing(differences, "requests to ack", consumer.path("num_ack_pending"));
                }
            }
        }
        if (!seen) {
            differences.add("JetStream reports no streams: " + jetStream);
        }
    }

    private static void nothing(List<String> differences, String what, JsonNode count) {
        if (count.asLong(0) != 0) {
            differences.add(what + ": " + count);
        }
    }

    private JsonNode jetStream() {
        URI page =
                URI.create(
                        "http://127.0.0.1:"
                                + system.natsMonitoringPort()
                                + "/jsz?accounts=true&streams=true&consumers=true");
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request =
                    HttpRequest.newBuilder(page).timeout(Duration.ofSeconds(10)).build();
            return JsonMapper.shared().readTree(http.send(request, BodyHandlers.ofString()).body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    // Processes

    /// Empty where there is no /proc.
    private static OptionalLong sockets(Member member) {
        Path descriptors = Path.of("/proc", "" + member.pid(), "fd");
        if (!Files.isDirectory(descriptors)) {
            return OptionalLong.empty();
        }
        try (var files = Files.list(descriptors)) {
            return OptionalLong.of(files.filter(Baseline::isSocket).count());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException _) {
            return false; // closed since then
        }
    }

    private List<String> heapDifferences() {
        List<String> differences = new ArrayList<>();
        for (Member member : system.members()) {
            long before = heaps.getOrDefault(member.name(), 0L);
            long now = heap(member);
            if (now > before + MORE_HEAP_BYTES) {
                differences.add(
                        "%s has %d KB live instead of %d"
                                .formatted(member.name(), now >> 10, before >> 10));
            }
        }
        return differences;
    }

    /// Bytes in use after a collection.
    private static long heap(Member member) {
        jcmd(member, "GC.run");
        String told = jcmd(member, "GC.heap_info");
        long kilobytes =
                USED.matcher(told).results().mapToLong(each -> Long.parseLong(each.group(1))).sum();
        if (kilobytes == 0) {
            throw new IllegalStateException(member.name() + " reports no heap: " + told);
        }
        return kilobytes << 10;
    }

    private static String jcmd(Member member, String command) {
        try {
            Process process =
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                            .toString(),
                                    "" + member.pid(),
                                    command)
                            .redirectErrorStream(true)
                            .start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
