package dev.antiphon.protocol;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The position of an entry in its session's log, and at the same time a reader's cursor: "I have everything up
/// to here". On the wire `{generation}.{number}.{hash}`, as in `1.17.9f3ac210`.
///
/// @param generation drawn at random when the log is created, so that readers can tell a log that was lost and began
///     again from the old one; 1 to 2^31-1
/// @param number counts the log's entries without gaps from 1; 0 is the place before the first
/// @param hash chained over all entries up to this one. It detects a log that lost its last entries and then got others
public record EntryId(long generation, long number, int hash) {

    private static final Pattern WIRE =
            Pattern.compile("([1-9][0-9]{0,9})\\.(0|[1-9][0-9]{0,14})\\.([0-9a-f]{8})");

    /// The place before the first entry of a log.
    public static EntryId start(long generation) {
        return new EntryId(generation, 0, 0);
    }

    /// Reads an id from the wire.
    ///
    /// @throws InvalidInput when `text` is not an entry id
    public static EntryId parse(String text) {
        Matcher matcher = WIRE.matcher(text);
        if (!matcher.matches()) {
            throw new InvalidInput(
                    ErrorCode.INVALID_ID,
                    "an event id looks like 1.17.9f3ac210: generation, number, hash");
        }
        return new EntryId(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                Integer.parseUnsignedInt(matcher.group(3), 16));
    }

    /// The id of the next entry if its content is `event` and `data`. The scripts of the session log compute the same
    /// in Redis: the first 32 bits of SHA-1 over the previous hash as eight hex digits, the event's name and the data.
    /// The hash detects accidents, not attackers.
    public EntryId next(EventName event, byte[] data) {
        MessageDigest sha1 = sha1();
        sha1.update(hashHex().getBytes(StandardCharsets.US_ASCII));
        sha1.update(event.wire().getBytes(StandardCharsets.US_ASCII));
        byte[] digest = sha1.digest(data);
        int chained =
                (digest[0] & 0xff) << 24
                        | (digest[1] & 0xff) << 16
                        | (digest[2] & 0xff) << 8
                        | (digest[3] & 0xff);
        return new EntryId(generation, number + 1, chained);
    }

    /// The hash as eight hex digits.
    public String hashHex() {
        String hex = Integer.toHexString(hash);
        return "00000000".substring(hex.length()) + hex;
    }

    @Override
    public String toString() {
        return generation + "." + number + "." + hashHex();
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-1", e);
        }
    }
}
