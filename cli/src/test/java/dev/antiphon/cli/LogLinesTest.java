package dev.antiphon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

final class LogLinesTest {

    private final LoggerContext context = new LoggerContext();
    private final Logger ours = context.getLogger("dev.antiphon.Anything");
    private final Logger library = context.getLogger("io.library.Anything");
    private final LogLines lines = new LogLines();
    private final MeterRegistry registry = new SimpleMeterRegistry();

    @BeforeEach
    void start() {
        lines.setContext(context);
        lines.start();
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.INFO);
        root.addAppender(lines);
    }

    private double count(String level, String line) {
        FunctionCounter counter =
                registry.find("chat.log.lines")
                        .tag("level", level)
                        .tag("line", line)
                        .functionCounter();
        return counter == null ? Double.NaN : counter.count();
    }

    @Test
    void eachWarningAndErrorOfOursIsCountedByItsText() {
        lines.bindTo(registry);
        ours.atWarn().addKeyValue("session", "s1").log("a thing failed");
        ours.atWarn().addKeyValue("session", "s2").log("a thing failed");
        ours.atError().setCause(new IllegalStateException("why")).log("a thing failed");
        ours.atInfo().log("all is well");

        assertThat(count("warn", "a thing failed")).isEqualTo(2);
        assertThat(count("error", "a thing failed")).isEqualTo(1);
        assertThat(registry.find("chat.log.lines").tag("line", "all is well").meter()).isNull();
    }

    @Test
    void linesLoggedBeforeTheMetricsExistAreCountedToo() {
        ours.warn("waiting for a server");

        lines.bindTo(registry);

        assertThat(count("warn", "waiting for a server")).isEqualTo(1);
    }

    /// A sum over the lines has a value before the first line, so that an increase from none to one is visible.
    @Test
    void libraryLinesAreCountedTogetherAndThatCounterIsAlwaysThere() {
        lines.bindTo(registry);
        assertThat(count("warn", LogLines.OTHER)).isZero();
        assertThat(count("error", LogLines.OTHER)).isZero();

        library.warn("user {} sent {}", "u", "x");

        assertThat(count("warn", LogLines.OTHER)).isEqualTo(1);
    }

    @Test
    void theNumberOfMetricsIsLimitedForAnyNumberOfTexts() {
        lines.bindTo(registry);
        for (int i = 0; i < 2 * LogLines.MAX_LINES; i++) {
            ours.warn("text " + i);
        }
        ours.warn("text 0");

        assertThat(registry.find("chat.log.lines").functionCounters()).hasSize(LogLines.MAX_LINES);
        assertThat(count("warn", "text 0")).isEqualTo(2);
        assertThat(count("warn", LogLines.OTHER)).isEqualTo(LogLines.MAX_LINES + 2);
    }

    /// Error lines alert operators, so each is documented.
    @Test
    void theMetricAndEachErrorAreDocumented() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "metrics.md"));
        assertThat(document).contains("`chat_log_lines_total{level,line}`");
        Pattern error = Pattern.compile("\\.atError\\(\\)[^;]*?\\.log\\(\\s*\"([^\"]+)\"");
        List<String> undocumented = new ArrayList<>();
        int errors = 0;
        for (Path source : sources()) {
            Matcher found = error.matcher(Files.readString(source));
            while (found.find()) {
                errors++;
                if (!document.contains("`" + found.group(1) + "`")) {
                    undocumented.add(found.group(1));
                }
            }
        }
        assertThat(errors).isGreaterThan(10);
        assertThat(undocumented).isEmpty();
    }

    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String module :
                List.of(
                        "backplane",
                        "gateway",
                        "transport",
                        "providers",
                        "tools",
                        "engine",
                        "worker",
                        "cli")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
        return sources;
    }
}
