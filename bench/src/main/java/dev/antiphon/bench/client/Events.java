package dev.antiphon.bench.client;

import java.util.Arrays;
import java.util.function.Consumer;

/// Cuts a stream into its events (WHATWG HTML 9.2.6; one line of data per event).
final class Events {

    private static final int LINE_FEED = '\n';
    private static final byte[] NONE = new byte[0];

    private final Consumer<Event> taker;
    private final Event event = new Event();

    /// The beginning of an event whose end has not arrived.
    private byte[] rest = NONE;

    private int restLength;

    Events(Consumer<Event> taker) {
        this.taker = taker;
    }

    void read(byte[] bytes, int from, int to) {
        if (restLength == 0) {
            int taken = take(bytes, from, to);
            keep(bytes, taken, to);
            return;
        }
        append(bytes, from, to);
        byte[] joined = rest;
        int taken = take(joined, 0, restLength);
        if (taken == restLength) {
            rest = NONE; // ten thousand idle streams hold no buffers
            restLength = 0;
        } else {
            System.arraycopy(joined, taken, joined, 0, restLength - taken);
            restLength -= taken;
        }
    }

    private void keep(byte[] bytes, int from, int to) {
        if (from < to) {
            rest = Arrays.copyOfRange(bytes, from, Math.max(to, from + 512));
            Arrays.fill(rest, to - from, rest.length, (byte) 0);
            restLength = to - from;
        }
    }

    private void append(byte[] bytes, int from, int to) {
        int length = restLength + to - from;
        if (length > rest.length) {
            rest = Arrays.copyOf(rest, Math.max(length, rest.length * 2));
        }
        System.arraycopy(bytes, from, rest, restLength, to - from);
        restLength = length;
    }

    /// Hands out the complete events.
    ///
    /// @return where the first incomplete one begins
    private int take(byte[] bytes, int from, int to) {
        int begin = from;
        int line = from;
        event.begin(bytes);
        for (int at = from; at < to; at++) {
            if (bytes[at] != LINE_FEED) {
                continue;
            }
            int end = at > line && bytes[at - 1] == '\r' ? at - 1 : at;
            if (end > line) {
                event.line(line, end);
            } else {
                if (!event.isEmpty()) {
                    taker.accept(event);
                }
                event.begin(bytes);
                begin = at + 1;
            }
            line = at + 1;
        }
        return begin;
    }
}
