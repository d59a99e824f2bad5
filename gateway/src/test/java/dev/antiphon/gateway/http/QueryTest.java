package dev.antiphon.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class QueryTest {

    @ParameterizedTest
    @CsvSource(
            value = {
                "a=b|b",
                "x=1&a=b&y|b",
                "a=%62|b",
                "a=b+c|b c",
                "a=%E2%82%ac|€",
                "a=%F0%9F%98%80|😀",
                "a=b%3Dc=d|b=c=d",
                "a=b%26c|b&c",
                "%61=b|b",
                "&&a=b&|b"
            },
            delimiter = '|')
    void aParameterIsDecoded(String query, String value) {
        assertThat(Query.parse(query).optional("a")).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "b=a", "a=", "a", "A=b"})
    void aMissingOrEmptyParameterIsAbsent(String query) {
        assertThat(Query.parse(query).optional("a")).isNull();
        assertThatThrownBy(() -> Query.parse(query).required("a"))
                .isInstanceOfSatisfying(
                        InvalidInput.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.MISSING_FIELD));
    }

    @Test
    void aRequestWithoutAQueryHasNoParameters() {
        assertThat(Query.parse(null).optional("a")).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a=%",
                "a=%4",
                "a=%g1",
                "a=%1g",
                "a=%-1",
                "a=%ff",
                "a=%c3%28",
                "a=%ed%a0%80",
                "a=é",
                "a=1&a=2",
                "a=1&%61=2"
            })
    void anAmbiguousQueryIsRefused(String query) {
        assertThatThrownBy(() -> Query.parse(query))
                .isInstanceOfSatisfying(
                        InvalidInput.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_FIELD));
    }
}
