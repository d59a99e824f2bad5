package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

final class JsonTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "null",
                "1",
                "\"text\"",
                "[]",
                "{",
                "{}}",
                "{} {}",
                "{a:1}",
                "{'a':1}",
                "{\"a\":1,}",
                "{\"a\":01}",
                "{\"a\":NaN}",
                "{\"a\":\"\n\"}",
                "{\"a\":\"\\x\"}",
                "// comment\n{}",
                "{\"a\":1,\"a\":2}",
                "{\"a\":{\"b\":1,\"b\":1}}"
            })
    void textThatIsNotOneJsonObjectIsRefused(String json) {
        assertThatThrownBy(() -> Json.readObject(Samples.utf8(json)))
                .isInstanceOfSatisfying(
                        InvalidInput.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.MALFORMED_JSON));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\\ud83d",
                "\\ude00",
                "\\ude00\\ud83d",
                "a\\ud83db",
                "\\ud83d\\ud83d\\ude00"
            })
    void halfACharacterIsRefusedBecauseItCouldNotBeSentBack(String half) {
        assertThatThrownBy(() -> Json.readObject(Samples.utf8("{\"a\":[\"" + half + "\"]}")))
                .isInstanceOf(InvalidInput.class)
                .hasMessageContaining("unpaired surrogate");
        assertThatThrownBy(() -> Json.readObject(Samples.utf8("{\"" + half + "\":1}")))
                .isInstanceOf(InvalidInput.class);
    }

    @Test
    void halfACharacterOfAServiceIsReplacedInEveryText() {
        assertThat(Json.encodable("a\ud83d")).isEqualTo("a\ufffd");
        assertThat(Json.encodable("\ude00\ud83d\ude00")).isEqualTo("\ufffd😀");
        ObjectNode pieces =
                Json.readPieces(
                        Samples.utf8("{\"a\":[1,\"\\ude00\",{\"b\":\"\\ud83d\"}],\"c\":\"😀\"}"));
        assertThat(Json.encodable(pieces).toString())
                .isEqualTo("{\"a\":[1,\"\ufffd\",{\"b\":\"\ufffd\"}],\"c\":\"😀\"}");
    }

    @Test
    void encodableTextStaysTheSameObject() {
        ObjectNode whole = Json.readObject(Samples.utf8("{\"a\":[\"😀\"]}"));

        assertThat(Json.encodable(whole)).isSameAs(whole);
    }

    @Test
    void aPairOfSurrogatesIsOneCharacter() {
        assertThat(
                        Json.readObject(Samples.utf8("{\"a\":\"\\ud83d\\ude00\"}"))
                                .get("a")
                                .stringValue())
                .isEqualTo("😀");
    }

    /// Latin-1, a cut character, an overlong form, a lone surrogate, a code point beyond Unicode.
    @ParameterizedTest
    @ValueSource(strings = {"e9", "e282", "c0af", "eda0bd", "f7bfbfbf", "80"})
    void bytesThatAreNotUtf8AreRefused(String hex) {
        byte[] bad = HexFormat.of().parseHex("7b2261223a22" + hex + "227d");

        assertThatThrownBy(() -> Json.readObject(bad))
                .isInstanceOf(InvalidInput.class)
                .hasMessage("not valid UTF-8");
    }

    @Test
    void anotherEncodingIsRefused() {
        assertThatThrownBy(() -> Json.readObject("{\"a\":1}".getBytes(StandardCharsets.UTF_16)))
                .isInstanceOf(InvalidInput.class);
        assertThatThrownBy(() -> Json.readObject("{\"a\":1}".getBytes(StandardCharsets.UTF_16LE)))
                .isInstanceOf(InvalidInput.class);
    }

    @Test
    void deepNestingAndEndlessNumbersAreRefusedRatherThanRunInto() {
        assertThatThrownBy(() ->
                        Json.readObject(
                                Samples.utf8(
                                        "{\"a\":" + "[".repeat(20_000) + "]".repeat(20_000) + "}")))
                .isInstanceOf(InvalidInput.class);
        assertThatThrownBy(
                        () -> Json.readObject(Samples.utf8("{\"a\":" + "9".repeat(20_000) + "}")))
                .isInstanceOf(InvalidInput.class);
    }

    @Test
    void theRefusalSaysWhereButRepeatsNothingOfTheInput() {
        assertThatThrownBy(() -> Json.readObject(Samples.utf8("{\"secret\":\n  oops}")))
                .hasMessageStartingWith("not valid JSON: line 2, column ")
                .hasMessageNotContainingAny("secret", "oops");
    }
}
