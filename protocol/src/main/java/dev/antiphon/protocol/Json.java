package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// The JSON mappers of the product: a strict one for data that we exchange or store, and a lenient one for the output of
/// models and services, which we cannot correct. Thread-safe.
public final class Json {

    /// Duplicate names are refused: two readers could otherwise see two different messages in one body.
    static final JsonMapper MAPPER =
            JsonMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(StreamWriteFeature.AUTO_CLOSE_CONTENT)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    /// Of duplicate names, the last one counts.
    private static final JsonMapper LENIENT =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /// Replaces text that UTF-8 cannot carry (Unicode 16 §23.8).
    private static final int REPLACEMENT = 0xFFFD;

    private Json() {}

    /// Reads one JSON object.
    ///
    /// @throws InvalidInput when the bytes are not one JSON object in UTF-8, or contain a text that UTF-8 cannot carry
    ///     (an unpaired surrogate written as an escape), which we could never send back intact
    public static ObjectNode readObject(byte[] utf8) {
        ObjectNode object = readPieces(utf8);
        requireEncodable(object);
        return object;
    }

    /// Reads one JSON object whose texts are pieces of longer texts, as a model writes them: a cut can separate a pair
    /// of surrogates. {@link #encodable} makes the joined text fit to be stored.
    ///
    /// @throws InvalidInput when the bytes are not one JSON object in UTF-8
    public static ObjectNode readPieces(byte[] utf8) {
        JsonNode node;
        try {
            node = MAPPER.readTree(decodeUtf8(utf8));
        } catch (JacksonException e) {
            throw new InvalidInput(ErrorCode.MALFORMED_JSON, "not valid JSON: " + where(e));
        }
        if (!(node instanceof ObjectNode object)) {
            throw new InvalidInput(ErrorCode.MALFORMED_JSON, "the body must be a JSON object");
        }
        return object;
    }

    /// Strict, because two readers must not see two different texts in the same bytes. Jackson alone guesses UTF-16 and
    /// accepts overlong forms.
    private static String decodeUtf8(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw new InvalidInput(ErrorCode.MALFORMED_JSON, "not valid UTF-8");
        }
    }

    /// Reads one JSON object of a service that we do not control. A duplicate name counts with its last value, and
    /// texts can be pieces as in {@link #readPieces}.
    ///
    /// @throws InvalidInput when the text is not one JSON object
    public static ObjectNode ofService(String text) {
        if (valueOfService(text) instanceof ObjectNode object) {
            return object;
        }
        throw new InvalidInput(ErrorCode.MALFORMED_JSON, "not a JSON object");
    }

    /// As {@link #ofService}, for any JSON value. An empty text is a missing node.
    ///
    /// @throws InvalidInput when the text is not JSON
    public static JsonNode valueOfService(String text) {
        try {
            return LENIENT.readTree(text);
        } catch (JacksonException e) {
            throw new InvalidInput(ErrorCode.MALFORMED_JSON, "not valid JSON: " + where(e));
        }
    }

    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /// Reads any JSON of ours or of a service. A text that is not JSON becomes a JSON string.
    public static JsonNode value(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JacksonException e) {
            return MAPPER.getNodeFactory().stringNode(json);
        }
    }

    public static ArrayNode array() {
        return MAPPER.createArrayNode();
    }

    /// One of our values as JSON: a record, a text, a number, or a collection of those.
    public static JsonNode tree(Object value) {
        return MAPPER.valueToTree(value);
    }

    /// Reads back a value that {@link #tree} wrote.
    ///
    /// @throws IllegalStateException when the node is not such a value
    public static <T> T as(JsonNode node, Class<T> type) {
        try {
            return MAPPER.treeToValue(node, type);
        } catch (JacksonException e) {
            throw new IllegalStateException("not a " + type.getSimpleName() + ": " + where(e), e);
        }
    }

    /// The object's values as plain collections, texts and numbers, for a library that does not take nodes.
    public static Map<String, Object> map(ObjectNode object) {
        return MAPPER.convertValue(object, new TypeReference<>() {});
    }

    public static byte[] bytes(JsonNode node) {
        return MAPPER.writeValueAsBytes(node);
    }

    /// A required text that is not empty.
    ///
    /// @throws InvalidInput when it is missing, empty or not a text
    public static String text(ObjectNode object, String field) {
        String text = optionalText(object, field);
        if (text == null) {
            throw new InvalidInput(ErrorCode.MISSING_FIELD, field + " is required");
        }
        if (text.isEmpty()) {
            throw new InvalidInput(ErrorCode.INVALID_FIELD, field + " must not be empty");
        }
        return text;
    }

    /// A text, or null when the field is absent or null.
    public static @Nullable String optionalText(ObjectNode object, String field) {
        JsonNode node = object.get(field);
        if (node == null || node.isNull()) {
            return null;
        }
        if (!node.isString()) {
            throw new InvalidInput(ErrorCode.INVALID_FIELD, field + " must be a string");
        }
        return node.stringValue();
    }

    /// The text in a form that UTF-8 can carry: each unpaired surrogate becomes U+FFFD. For texts of models, tools and
    /// services, which users cannot correct. The same text from a user is refused ({@link #readObject}).
    public static String encodable(String text) {
        if (isEncodable(text)) {
            return text;
        }
        StringBuilder repaired = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> isSurrogate(point) ? REPLACEMENT : point)
                .forEach(repaired::appendCodePoint);
        return repaired.toString();
    }

    /// As {@link #encodable(String)}, for all texts in a service's value; the names in it can always be carried.
    /// Returns the same value when no text needs a change.
    public static JsonNode encodable(JsonNode node) {
        if (isEncodable(node)) {
            return node;
        }
        return switch (node) {
            case ObjectNode object -> {
                ObjectNode repaired = object();
                object.forEachEntry((name, value) -> repaired.set(name, encodable(value)));
                yield repaired;
            }
            case ArrayNode array -> {
                ArrayNode repaired = array();
                array.forEach(each -> repaired.add(encodable(each)));
                yield repaired;
            }
            default -> MAPPER.getNodeFactory().stringNode(encodable(node.stringValue()));
        };
    }

    private static String where(JacksonException e) {
        return e.getLocation() == null
                ? "unreadable"
                : "line "
                        + e.getLocation().getLineNr()
                        + ", column "
                        + e.getLocation().getColumnNr();
    }

    private static void requireEncodable(JsonNode node) {
        if (!isEncodable(node)) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD,
                    "a text holds an unpaired surrogate, which UTF-8 cannot carry");
        }
    }

    private static boolean isEncodable(JsonNode node) {
        if (node.isString()) {
            return isEncodable(node.stringValue());
        }
        return node.propertyNames().stream().allMatch(Json::isEncodable)
                && node.valueStream().allMatch(Json::isEncodable);
    }

    private static boolean isEncodable(String text) {
        // An unpaired surrogate is the only code point that this stream leaves in the
        // surrogate range.
        return text.codePoints().noneMatch(Json::isSurrogate);
    }

    private static boolean isSurrogate(int point) {
        return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    }
}
