package dev.antiphon.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;

import dev.antiphon.tools.ArgumentCheck.Found;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;

final class ArgumentCheckTest {

    private static final String SCHEMA =
            """
            {"type":"object","required":["path"],
             "properties":{"path":{"type":"string","maxLength":5},
                           "mode":{"enum":["r","w"]},
                           "at":{"$ref":"#/$defs/place"}},
             "$defs":{"place":{"type":"array","items":{"type":"number"},"maxItems":2}},
             "additionalProperties":false}\
            """;

    private static String reason(String schema, String arguments) {
        return switch (ArgumentCheck.check(Calls.json(schema), arguments)) {
            case Found.Fits _ -> "";
            case Found.Wrong(String reason) -> reason;
        };
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"path\":\"a\",\"mode\":\"r\",\"at\":[1,2]} |",
                "{} | path",
                "{\"path\":1} | /path",
                "{\"path\":\"abcdef\"} | /path",
                "{\"path\":\"a\",\"mode\":\"x\"} | /mode",
                "{\"path\":\"a\",\"at\":[1,\"2\"]} | /at/1",
                "{\"path\":\"a\",\"more\":1} | more",
                "{\"path\":\"a\",\"path\":\"b\"} | not a JSON object",
                "[] | not a JSON object",
                "oops | not a JSON object",
            })
    void invalidArgumentsAreRefusedWithTheirPlace(String arguments, String where) {
        if (where == null) {
            assertThat(reason(SCHEMA, arguments)).isEmpty();
        } else {
            assertThat(reason(SCHEMA, arguments)).contains(where);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"properties\":[]}",
                "{\"properties\":{\"x\":7}}",
                "{\"type\":7}",
                "{\"required\":true}",
                "{\"properties\":{\"x\":{\"pattern\":\"[\"}}}",
                "{\"$ref\":\"#/no/such/place\"}",
                "{\"$ref\":7}",
                "{\"$schema\":\"urn:unknown\"}",
            })
    void anInvalidSchemaEndsNoRun(String schema) {
        assertThat(ArgumentCheck.check(Calls.json(schema), "{\"x\":\"a\"}")).isNotNull();
    }

    @Test
    void anUnusableSchemaIsRefusedBeforeTheToolIsOffered() {
        assertThatThrownBy(() -> ArgumentCheck.requireUsable(Calls.json("{\"$ref\":\"#/none\"}")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("its schema is invalid: ");
        ArgumentCheck.requireUsable(Calls.json(SCHEMA));
        ArgumentCheck.requireUsable(
                Calls.json("{\"properties\":{\"x\":true,\"y\":{\"$ref\":\"#\"}}}"));
    }

    @Test
    void anUnnamedOlderSchemaVersionIsSupported() {
        String tuple =
                "{\"properties\":{\"x\":{\"type\":\"array\",\"items\":[{\"type\":\"string\"},{\"type\":\"number\"}]}}}";

        assertThat(reason(tuple, "{\"x\":[\"a\",1]}")).isEmpty();
        assertThat(reason(tuple, "{\"x\":[1,1]}")).contains("/x/0");
    }

    @Test
    void theReasonIsLimitedInLength() {
        assertThat(reason(SCHEMA, "{\"path\":\"" + "a".repeat(60_000) + "\"}"))
                .hasSizeLessThan(1_000);
        assertThat(reason(SCHEMA, "{\"path\":\"" + "a".repeat(70_000) + "\"}"))
                .contains("more than 65536 characters");
    }

    @Test
    void aSchemaIsNeverFetched() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        var server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    asked.incrementAndGet();
                    exchange.sendResponseHeaders(200, 2);
                    exchange.getResponseBody().write(new byte[] {'{', '}'});
                    exchange.close();
                });
        server.start();
        try {
            String schema =
                    "{\"$ref\":\"http://127.0.0.1:" + server.getAddress().getPort() + "/schema\"}";

            assertThat(reason(schema, "{}")).contains("its own schema is invalid");
            assertThat(asked).hasValue(0);
        } finally {
            server.stop(0);
        }
    }
}
