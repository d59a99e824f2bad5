package dev.antiphon.bench.client;

import java.nio.charset.StandardCharsets;

/// One server-sent event, in place: valid only during the call that hands it out.
public final class Event {

    private byte[] bytes = new byte[0];
    private int name;
    private int nameEnd;
    private int id;
    private int idEnd;
    private int data;
    private int dataEnd;

    void begin(byte[] array) {
        bytes = array;
        name = 0;
        nameEnd = 0;
        id = 0;
        idEnd = 0;
        data = 0;
        dataEnd = 0;
    }

    void line(int from, int to) {
        switch (bytes[from]) {
            case 'e' -> {
                if (startsWith(EVENT, from, to)) {
                    name = value(from + EVENT.length, to);
                    nameEnd = to;
                }
            }
            case 'i' -> {
                if (startsWith(ID, from, to)) {
                    id = value(from + ID.length, to);
                    idEnd = to;
                }
            }
            case 'd' -> {
                if (startsWith(DATA, from, to)) {
                    data = value(from + DATA.length, to);
                    dataEnd = to;
                }
            }
            default -> {
                // a comment, or `retry`
            }
        }
    }

    private static final byte[] EVENT = ascii("event:");
    private static final byte[] ID = ascii("id:");
    private static final byte[] DATA = ascii("data:");

    private int value(int from, int to) {
        return from < to && bytes[from] == ' ' ? from + 1 : from;
    }

    boolean isEmpty() {
        return nameEnd == 0 && dataEnd == 0;
    }

    boolean isNamed(byte[] wanted) {
        return nameEnd - name == wanted.length && startsWith(wanted, name, nameEnd);
    }

    /// The name, for messages about faults.
    String name() {
        return new String(bytes, name, nameEnd - name, StandardCharsets.UTF_8);
    }

    /// Empty when it has none.
    String id() {
        return new String(bytes, id, idEnd - id, StandardCharsets.UTF_8);
    }

    /// The data, for messages about faults.
    String data() {
        return new String(bytes, data, dataEnd - data, StandardCharsets.UTF_8);
    }

    boolean contains(byte[] piece) {
        return find(piece) >= 0;
    }

    /// The number after `key` in the data; -1 when the data does not have the key.
    int number(byte[] key) {
        int at = find(key);
        if (at < 0) {
            return -1;
        }
        int number = 0;
        for (; at < dataEnd && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
            number = number * 10 + bytes[at] - '0';
        }
        return number;
    }

    /// Compares the JSON string after `key` with a text.
    ///
    /// @param key ends with the quotation mark that begins the string
    /// @return the position in the text after the string; -1 when the string does not match, or the data does not have
    ///     the key
    int match(byte[] key, byte[] text, int position) {
        int at = find(key);
        if (at < 0) {
            return -1;
        }
        int matched = position;
        for (; at < dataEnd && bytes[at] != '"'; at++) {
            byte next = bytes[at];
            if (next == '\\') {
                at++;
                next = unescaped(at);
                at += bytes[at] == 'u' ? 4 : 0;
            }
            if (matched == text.length || text[matched++] != next) {
                return -1;
            }
        }
        return matched;
    }

    /// Only what ASCII needs; anything else does not match.
    private byte unescaped(int at) {
        return switch (bytes[at]) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'u' ->
                    (byte)
                            (Character.digit(bytes[at + 3], 16) * 16
                                    + Character.digit(bytes[at + 4], 16));
            default -> bytes[at];
        };
    }

    /// The place after a piece of the data; -1 without one.
    private int find(byte[] piece) {
        int last = dataEnd - piece.length;
        byte first = piece[0];
        byte second = piece[1];
        for (int at = data; at <= last; at++) {
            if (bytes[at] == first && bytes[at + 1] == second && startsWith(piece, at, dataEnd)) {
                return at + piece.length;
            }
        }
        return -1;
    }

    private boolean startsWith(byte[] piece, int from, int to) {
        if (to - from < piece.length) {
            return false;
        }
        for (int i = 0; i < piece.length; i++) {
            if (bytes[from + i] != piece[i]) {
                return false;
            }
        }
        return true;
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
