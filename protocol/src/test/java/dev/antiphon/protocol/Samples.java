package dev.antiphon.protocol;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// Values for tests: texts that break naive code, and random ones that a seed reproduces.
final class Samples {

    static final Instant ASKED = Instant.parse("2025-11-18T20:30:00Z");

    private static final String[] PIECES = {
        "a",
        "word ",
        " ",
        "\t",
        "\r\n",
        "\n",
        "\r",
        "\"",
        "\\",
        "/",
        "'",
        "</script>",
        "\u0000",
        "\u001f",
        "\u007f",
        "\u0085",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\uffff",
        "é",
        "e\u0301",
        "שלום",
        "مرحبا",
        "\u202e",
        "😀",
        "👩‍👩‍👧‍👦",
        "\ud83c\uddea\ud83c\uddfa",
        "{\"a\":[1,\"}\"]}",
        "data: x",
        "\n\n",
        ":",
        "%00",
        "\\u0041",
        ",\"event_id\":\"1.2.00000003\"}",
        "\"}"
    };

    private static final String ID_LETTERS =
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

    private Samples() {}

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /// Texts that must come back unchanged.
    static Stream<String> texts() {
        return Stream.of(
                "Hello, how are you?",
                "it's \"quoted\" and \\escaped\\ \\u0041",
                "first\r\nsecond\n\nfourth\rfifth\ttab",
                "emoji 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 é e\u0301",
                "مرحبا بالعالم \u202E reversed שלום",
                "{\"role\":\"user\",\"content\":\"{\\\"nested\\\":[1,2]}\"}",
                "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
                "  two  spaces   three    ",
                " ",
                "\u0000\u0001\u001f\u007f\u0085\u2028\u2029\ufeff\uffff",
                "data: x\n\nevent: chunk\nid: 1\n\n",
                "x\",\"event_id\":\"1.2.00000003\"}",
                "x".repeat(60 * 1024),
                "\u0000".repeat(10 * 1024),
                "😀".repeat(15 * 1024));
    }

    static String text(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    static String id(SplittableRandom random) {
        StringBuilder id = new StringBuilder();
        for (int i = random.nextInt(1, 40); i > 0; i--) {
            id.append(ID_LETTERS.charAt(random.nextInt(ID_LETTERS.length())));
        }
        return id.toString();
    }

    static EntryId entryId(SplittableRandom random) {
        return new EntryId(
                random.nextLong(1, 1L << 31),
                random.nextLong(1L << random.nextInt(1, 49)),
                random.nextInt());
    }

    static Chunk chunk(SplittableRandom random) {
        Completion completion =
                random.nextInt(4) == 0
                        ? new Completion(
                                text(random),
                                random.nextBoolean() ? random.nextInt(1 << 20) : null,
                                pick(random, Completion.FinishReason.values()))
                        : null;
        return new Chunk(
                new SessionId(id(random)),
                new MessageId(id(random)),
                random.nextInt(1 << random.nextInt(1, 31)),
                body(random),
                completion,
                Instant.ofEpochMilli(random.nextLong(4_000_000_000_000L)),
                text(random));
    }

    private static ChunkBody body(SplittableRandom random) {
        return switch (random.nextInt(7)) {
            case 0 -> new ChunkBody.Content(text(random));
            case 1 -> new ChunkBody.Reasoning(text(random));
            case 2 -> new ChunkBody.ToolCall(text(random), text(random), text(random));
            case 3 -> new ChunkBody.ToolResult(text(random), text(random), text(random));
            case 4 -> new ChunkBody.Status(text(random), details(random));
            case 5 -> new ChunkBody.Reset(random.nextInt(1000));
            default -> new ChunkBody.Failure(pick(random, ErrorCode.values()), text(random));
        };
    }

    private static ObjectNode details(SplittableRandom random) {
        ObjectNode details = Json.object();
        if (random.nextBoolean()) {
            details.put("retry_in_ms", random.nextInt(10_000)).put("why", text(random));
        }
        return details;
    }

    static <T> T pick(SplittableRandom random, T[] values) {
        return pick(random, List.of(values));
    }

    static <T> T pick(SplittableRandom random, List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
