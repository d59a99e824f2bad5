package dev.antiphon.bench.client;

/// How a system is spoken to. The events are the same everywhere: the peers in `bench/peers` send Antiphon's chunks.
public enum Dialect {
    /// A stream per session, which begins with `connected`; messages have requests of their own (PROTOCOL.md §4, §5).
    STREAM(true, true),
    /// The same without `connected`: nginx with nchan.
    SILENT_STREAM(true, false),
    /// The response to a message is the stream of its answer.
    RESPONSE(false, false),
    /// The response to a run is the stream of its answer, and a session is a thread of a LangGraph server.
    LANGGRAPH(false, false);

    private static final byte[] CHUNK = Event.ascii("chunk");
    private static final byte[] CUSTOM = Event.ascii("custom");
    private static final byte[] COMPLETE = Event.ascii("message_complete");
    private static final byte[] CONNECTED = Event.ascii("connected");
    private static final byte[] MESSAGE = Event.ascii("message");
    private static final byte[] METADATA = Event.ascii("metadata");
    private static final byte[] END = Event.ascii("end");

    private final boolean streams;
    private final boolean greets;

    Dialect(boolean streams, boolean greets) {
        this.streams = streams;
        this.greets = greets;
    }

    /// Whether a session has a stream of its own.
    boolean streams() {
        return streams;
    }

    /// Whether the stream says when it is open.
    boolean greets() {
        return greets;
    }

    /// What an event means.
    enum Meaning {
        OPEN,
        CHUNK,
        END,
        NOTHING,
        FAULT
    }

    Meaning meaning(Event event) {
        if (event.isNamed(CHUNK) || (this == LANGGRAPH && event.isNamed(CUSTOM))) {
            return Meaning.CHUNK;
        }
        if (event.isNamed(COMPLETE)) {
            return Meaning.END;
        }
        if (event.isNamed(CONNECTED)) {
            return Meaning.OPEN;
        }
        boolean isKnown = event.isNamed(MESSAGE) || event.isNamed(METADATA) || event.isNamed(END);
        return isKnown ? Meaning.NOTHING : Meaning.FAULT;
    }
}
