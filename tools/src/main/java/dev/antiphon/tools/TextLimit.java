package dev.antiphon.tools;

import dev.antiphon.protocol.Json;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// Shortens texts of tools that are too long for the log and for models.
final class TextLimit {

    /// In UTF-8.
    static final int MAX_BYTES = 16 * 1024;

    private TextLimit() {}

    /// The text, or its beginning with a notice. Unpaired surrogates are replaced as in {@link Json#encodable}.
    static String shorten(String text) {
        byte[] bytes = Json.encodable(text).getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= MAX_BYTES) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
        CharBuffer kept = CharBuffer.allocate(MAX_BYTES);
        // Stops before the character that the limit would cut in two.
        StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .decode(ByteBuffer.wrap(bytes, 0, MAX_BYTES), kept, false);
        return kept.flip() + "\n[cut off: " + bytes.length + " bytes in total]";
    }
}
