package dev.antiphon.backplane;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import org.slf4j.LoggerFactory;

import java.util.List;

/// The lines that a class logs at WARN and above while this is open.
public final class Logged implements AutoCloseable {

    private final Logger logger;
    private final ListAppender<ILoggingEvent> events = new ListAppender<>();
    private final boolean additive;

    public Logged(Class<?> by) {
        logger = (Logger) LoggerFactory.getLogger(by);
        additive = logger.isAdditive();
        logger.setAdditive(false); // a provoked warning need not be shown
        events.start();
        logger.addAppender(events);
    }

    /// The messages in order, each with its key-values.
    public List<String> warnings() {
        return List.copyOf(events.list).stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .map(event -> event.getMessage() + " " + event.getKeyValuePairs())
                .toList();
    }

    @Override
    public void close() {
        logger.detachAppender(events);
        logger.setAdditive(additive);
    }
}
