package dev.antiphon.protocol;

import java.security.SecureRandom;
import java.util.regex.Pattern;

/// The alphabet of all ids, and how new ids are made.
///
/// Ids become parts of NATS subjects and Redis keys, so a dot, a star or a colon in an id would change the address.
/// Every id is checked where it enters the system (HTTP, NATS, environment).
public final class Ids {

    /// PROTOCOL.md, first section.
    public static final Pattern PATTERN = Pattern.compile("[A-Za-z0-9_-]{1,128}");

    private static final String ALPHABET =
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final SecureRandom RANDOM = new SecureRandom();

    /// 20 letters of 62 carry 119 bits: two processes never make the same id.
    private static final int RANDOM_LETTERS = 20;

    private static final int MAX_QUOTED = 40;

    private Ids() {}

    /// Makes a new random id, `prefix` followed by 20 letters and digits. Any thread.
    public static String mint(String prefix) {
        StringBuilder id = new StringBuilder(prefix.length() + RANDOM_LETTERS).append(prefix);
        for (int i = 0; i < RANDOM_LETTERS; i++) {
            id.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
        }
        return id.toString();
    }

    static void check(String field, String value) {
        if (!PATTERN.matcher(value).matches()) {
            throw new InvalidInput(
                    ErrorCode.INVALID_ID,
                    field
                            + " must be 1 to 128 letters, digits, '_' or '-', but is "
                            + quote(value));
        }
    }

    /// Quotes a refused value in a form that cannot flood or break a log line, a header or JSON. The cut can separate a
    /// pair of surrogates.
    static String quote(String value) {
        String start = value.length() > MAX_QUOTED ? value.substring(0, MAX_QUOTED) + "..." : value;
        return "'" + start.replaceAll("[^\\x20-\\x7e]", "?") + "'";
    }
}
