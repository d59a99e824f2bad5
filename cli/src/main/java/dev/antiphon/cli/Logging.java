package dev.antiphon.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.util.FileSize;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

import java.util.List;
import java.util.Map;

/// Configures the log of every process: one line per event, with its key-values, on standard error; standard output is
/// for the lines that commands print. A child of `up` logs to a file, and only warnings reach its standard error.
///
/// In code and not in XML, because every start would load the XML parser. Logback finds this class as a service.
public final class Logging extends ContextAwareBase implements Configurator {
    /// The system property that names the log file of a child of `up`.
    static final String FILE_PROPERTY = "antiphon.log.file";

    private static final String LINE =
            "%d{HH:mm:ss.SSS} %-5level %logger{0} - %msg %kvp{NONE}%n%ex";
    private static final String FILE_LINE =
            "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger{0} - %msg %kvp{NONE}%n%ex";

    // Our lines describe users' work; libraries log only when something is wrong.
    private static final Map<String, Level> LEVELS =
            Map.of(
                    Logger.ROOT_LOGGER_NAME,
                    Level.WARN,
                    "dev.antiphon",
                    Level.INFO,
                    // Warns about each message that it does not know, and logs the message.
                    "io.modelcontextprotocol",
                    Level.ERROR,
                    // It also logs every interrupt and failure that it throws, which we
                    // log ourselves.
                    "org.bsc.langgraph4j",
                    Level.OFF);

    // One full file and two old ones: a process that logs in a loop must not fill the disk.
    private static final FileSize FILE_SIZE = FileSize.valueOf("16MB");
    private static final int OLD_FILES = 2;

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        LEVELS.forEach((name, level) -> context.getLogger(name).setLevel(level));
        @Nullable String file = System.getProperty(FILE_PROPERTY);
        List<Appender<ILoggingEvent>> appenders =
                file == null
                        ? List.of(terminal(context, Level.INFO))
                        : List.of(terminal(context, Level.WARN), file(context, file));
        LogLines.OF_PROCESS.setContext(context);
        LogLines.OF_PROCESS.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(LogLines.OF_PROCESS);
        appenders.forEach(context.getLogger(Logger.ROOT_LOGGER_NAME)::addAppender);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    private static Appender<ILoggingEvent> terminal(LoggerContext context, Level threshold) {
        var filter = new ThresholdFilter();
        filter.setLevel(threshold.levelStr);
        filter.start();
        var appender = new ConsoleAppender<ILoggingEvent>();
        appender.setContext(context);
        appender.setTarget("System.err");
        appender.setEncoder(encoder(context, LINE));
        appender.addFilter(filter);
        appender.start();
        return appender;
    }

    private static Appender<ILoggingEvent> file(LoggerContext context, String file) {
        var appender = new RollingFileAppender<ILoggingEvent>();
        appender.setContext(context);
        appender.setFile(file);
        appender.setEncoder(encoder(context, FILE_LINE));

        var trigger = new SizeBasedTriggeringPolicy<ILoggingEvent>();
        trigger.setMaxFileSize(FILE_SIZE);
        trigger.setContext(context);
        trigger.start();
        appender.setTriggeringPolicy(trigger);

        var old = new FixedWindowRollingPolicy();
        old.setContext(context);
        old.setParent(appender);
        old.setFileNamePattern(file + ".%i");
        old.setMinIndex(1);
        old.setMaxIndex(OLD_FILES);
        old.start();
        appender.setRollingPolicy(old);

        appender.start();
        return appender;
    }

    private static PatternLayoutEncoder encoder(LoggerContext context, String pattern) {
        var encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(pattern);
        encoder.start();
        return encoder;
    }
}
