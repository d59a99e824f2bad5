package dev.antiphon.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.protocol.Json;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CalculatorTest {

    private static String compute(String expression) throws ToolFailure {
        return new Calculator().call(Json.object().put("expression", expression), Calls.CONTEXT);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "1 + 2 * 3, 7",
        "(1 + 2) * 3, 9",
        "10 - 4 - 3, 3",
        "2 ^ 3 ^ 2, 512",
        "-2 ^ 2, -4",
        "(-2) ^ 2, 4",
        "2 ^ -2, 0.25",
        "2 * -3, -6",
        "- - 3, 3",
        "7 % 3, 1",
        "-7 % 3, -1",
        "7.5 % 2, 1.5",
        "0.1 + 0.2, 0.3",
        "1 / 3 * 3, 1",
        "1e3, 1000",
        "2.5E-3, 0.0025",
        ".5 + 5., 5.5",
        "1 / 8, 0.125",
        "100 * 1.19, 119",
        "0 / 5, 0",
        "2 ^ 100, 1267650600228229401496703205376",
        "12345678901234567890 * 98765432109876543210, 1219326311370217952237463801111263526900",
    })
    void isExact(String expression, String value) throws ToolFailure {
        assertThat(compute(expression)).isEqualTo(value);
    }

    @Test
    void anInfiniteDecimalIsRoundedAndMarked() throws ToolFailure {
        assertThat(compute("1 / 3")).isEqualTo("≈ 0." + "3".repeat(50));
        assertThat(compute("2 ^ 1000")).startsWith("≈ 1.0715086071862673");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "1 + | It ends at character 4",
                "(1 | It ends at character 3",
                "1) | ')' is unexpected at character 2",
                "1 2 | '2' is unexpected at character 3",
                "two | 't' is unexpected at character 1",
                ". | '.' is unexpected at character 1",
                "1e |is not a number",
                "1 / 0 | Division by zero",
                "1 % (2 - 2) | Division by zero",
                "0 ^ -1 | Division by zero",
                "2 ^ 0.5 | An exponent must be a whole number",
                "2 ^ 1001 | An exponent must be",
                "(2 ^ 1000) ^ 9 | A number grew too large",
                "1e301 | more than 300 digits",
                "1e-99999999999 |is not a number",
            })
    void invalidSettingsAreReported(String expression, String reason) {
        assertThatThrownBy(() -> compute(expression))
                .isInstanceOf(ToolFailure.class)
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "-", "2^"})
    void nestingIsBounded(String opening) {
        assertThatThrownBy(() -> compute(opening.repeat(240) + "1"))
                .isInstanceOf(ToolFailure.class)
                .hasMessage("The expression is nested too deeply.");
    }
}
