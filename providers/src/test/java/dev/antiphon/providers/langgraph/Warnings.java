package dev.antiphon.providers.langgraph;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.stream.Collectors;

/// Captures what a class logs at WARN and above while this is open; it is not printed.
public final class Warnings implements AutoCloseable {

    private final Logger logger;
    private final ListAppender<ILoggingEvent> events = new ListAppender<>();

    public Warnings(Class<?> by) {
        logger = (Logger) LoggerFactory.getLogger(by);
        logger.setAdditive(false);
        events.start();
        logger.addAppender(events);
    }

    List<String> lines() {
        return List.copyOf(events.list).stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .map(ILoggingEvent::getMessage)
                .toList();
    }

    /// The messages with their fields.
    public String text() {
        return List.copyOf(events.list).stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .map(event -> event.getMessage() + " " + event.getKeyValuePairs())
                .collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        logger.detachAppender(events);
        logger.setAdditive(true);
    }
}
