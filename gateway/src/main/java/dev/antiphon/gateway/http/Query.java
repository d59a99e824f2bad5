package dev.antiphon.gateway.http;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// The parameters of a request's query (WHATWG URL §5), read strictly: a broken escape, bytes that are not UTF-8 or a
/// repeated name is refused, because lenient readers would disagree about the meaning.
final class Query {

    private final Map<String, String> values;

    private Query(Map<String, String> values) {
        this.values = values;
    }

    /// Reads a query.
    ///
    /// @param raw the text after the `?`, or null when there is none
    /// @throws InvalidInput when it cannot be decoded
    static Query parse(@Nullable String raw) {
        Map<String, String> values = new HashMap<>();
        if (raw == null || raw.isEmpty()) {
            return new Query(values);
        }
        for (String pair : raw.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String name = decode(equals < 0 ? pair : pair.substring(0, equals));
            String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
            if (values.put(name, value) != null) {
                throw new InvalidInput(
                        ErrorCode.INVALID_FIELD, "a query parameter was given more than once");
            }
        }
        return new Query(values);
    }

    /// A required parameter that is not empty.
    ///
    /// @throws InvalidInput when it is missing
    String required(String name) {
        String value = optional(name);
        if (value == null) {
            throw new InvalidInput(
                    ErrorCode.MISSING_FIELD, "the query parameter " + name + " is required");
        }
        return value;
    }

    /// A parameter, or null when it is missing or empty.
    @Nullable String optional(String name) {
        String value = values.get(name);
        return value == null || value.isEmpty() ? null : value;
    }

    /// A whole number of at least 1.
    ///
    /// @throws InvalidInput when it is anything else, or larger than `most`
    int number(String name, int ifMissing, int most) {
        String value = optional(name);
        if (value == null) {
            return ifMissing;
        }
        if (value.matches("[0-9]{1,9}")) {
            int number = Integer.parseInt(value);
            if (number >= 1 && number <= most) {
                return number;
            }
        }
        throw new InvalidInput(
                ErrorCode.INVALID_FIELD,
                "the query parameter " + name + " must be a whole number from 1 to " + most);
    }

    private static String decode(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '+' -> bytes.write(' ');
                case '%' -> {
                    bytes.write(hex(text, i + 1) << 4 | hex(text, i + 2));
                    i += 2;
                }
                default -> {
                    if (c > 0x7e) {
                        throw undecodable();
                    }
                    bytes.write(c);
                }
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw undecodable();
        }
    }

    private static int hex(String text, int at) {
        int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
        if (digit < 0) {
            throw undecodable();
        }
        return digit;
    }

    private static InvalidInput undecodable() {
        return new InvalidInput(ErrorCode.INVALID_FIELD, "the query is not percent-encoded UTF-8");
    }
}
