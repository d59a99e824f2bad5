package dev.antiphon.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// Counts each warning and error that this process logs, by the text of its line, so that each line has a counter. Our
/// lines have constant texts; the variable parts are in the key-values.
///
/// Thread-safe.
final class LogLines extends UnsynchronizedAppenderBase<ILoggingEvent> implements MeterBinder {

    /// Of this process, because the log exists once per process.
    static final LogLines OF_PROCESS = new LogLines();

    /// Our code has about 70. Further ones count as {@link #OTHER}: a text that varies, by mistake or in an extension,
    /// must not create a metric each time it is logged.
    static final int MAX_LINES = 200;

    /// Also counts the lines of libraries.
    static final String OTHER = "other";

    private static final String OURS = "dev.antiphon.";

    private record Line(Level level, String text) {}

    /// Guards `counts` and `registry`.
    private final Object lock = new Object();

    private final Map<Line, LongAdder> counts = new HashMap<>();
    private @Nullable MeterRegistry registry;

    LogLines() {
        for (Level level : List.of(Level.WARN, Level.ERROR)) {
            counts.put(new Line(level, OTHER), new LongAdder());
        }
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
            String text = event.getLoggerName().startsWith(OURS) ? event.getMessage() : OTHER;
            count(new Line(event.getLevel(), text));
        }
    }

    private void count(Line line) {
        synchronized (lock) {
            LongAdder count = counts.get(line);
            if (count == null && counts.size() >= MAX_LINES) {
                count = counts.get(new Line(line.level(), OTHER));
            }
            if (count == null) {
                count = new LongAdder();
                counts.put(line, count);
                register(line, count);
            }
            count.increment();
        }
    }

    /// Publishes the counters: those of lines that were logged before, and from now on each new one.
    @Override
    public void bindTo(MeterRegistry shown) {
        synchronized (lock) {
            registry = shown;
            counts.forEach(this::register);
        }
    }

    private void register(Line line, LongAdder count) {
        if (registry != null) {
            FunctionCounter.builder("chat.log.lines", count, LongAdder::sum)
                    .tag("level", line.level().levelStr.toLowerCase(Locale.ROOT))
                    .tag("line", line.text())
                    .description("warnings and errors in the log, by the text of the line")
                    .register(registry);
        }
    }
}
