package dev.antiphon.tools;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// Counts the tools that cannot be offered to models, and warns once about each. One bad tool of an MCP server or an
/// extension must not affect the others. Thread-safe.
public final class OmittedTools {

    private static final Logger LOG = LoggerFactory.getLogger(OmittedTools.class);

    /// The number of remembered warnings. Further ones are logged at the debug level, so that no server can fill
    /// the log.
    private static final int MAX_WARNED = 1_000;

    private static final int MAX_LOGGED = 300;

    private final LongAdder count = new LongAdder();
    private final Set<String> warned = ConcurrentHashMap.newKeySet();

    /// Reports a tool that is not offered.
    ///
    /// @param id of the tool, or what is known of it
    public void tool(String id, @Nullable String reason) {
        count.increment();
        String bounded = bounded(id);
        boolean isNews = warned.size() < MAX_WARNED && warned.add(bounded);
        LOG.atLevel(isNews ? Level.WARN : Level.DEBUG)
                .addKeyValue("tool", bounded)
                .addKeyValue("reason", bounded(String.valueOf(reason)))
                .log("tool left out: it cannot be offered to models");
    }

    /// How often a tool was left out; counted each time a server's list was read or the tools were searched.
    public long count() {
        return count.sum();
    }

    private static String bounded(String text) {
        return text.length() <= MAX_LOGGED ? text : text.substring(0, MAX_LOGGED) + "…";
    }
}
