package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.gateway.RawHttp.Answer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/// The chat page and its client module, as the module `web` has them.
final class PageTest {

    private static TestServers servers;
    private static Gateway gateway;

    @BeforeAll
    static void open() throws InterruptedException {
        servers = TestServers.open();
        gateway = servers.gateway();
    }

    @AfterAll
    static void close() {
        gateway.close();
        servers.close();
    }

    @Test
    void theRootIsThePage() throws Exception {
        HttpResponse<String> root = Http.get(gateway.port(), "/");
        assertThat(root.statusCode()).isEqualTo(200);
        assertThat(root.body()).startsWith("<!doctype html>");
        assertThat(root.body()).isEqualTo(Http.get(gateway.port(), "/index.html").body());
        assertThat(root.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
    }

    @Test
    void aPageMayLoadAndRunOnlyWhatIsOurs() throws Exception {
        HttpResponse<String> root = Http.get(gateway.port(), "/");
        assertThat(root.headers().firstValue("Content-Security-Policy"))
                .contains(
                        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                                + " connect-src 'self'; base-uri 'none'; form-action 'none';"
                                + " frame-ancestors 'none'");
        assertThat(root.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(root.headers().firstValue("Referrer-Policy")).contains("no-referrer");
    }

    @Test
    void aFileIsRevalidatedByItsContent() throws Exception {
        HttpResponse<String> first = Http.get(gateway.port(), "/antiphon.js");
        assertThat(first.headers().firstValue("Content-Type"))
                .contains("text/javascript; charset=utf-8");
        assertThat(first.headers().firstValue("Cache-Control")).contains("no-cache");
        String tag = first.headers().firstValue("ETag").orElseThrow();
        for (String same : new String[] {tag, "W/" + tag, "\"x\", " + tag, "*"}) {
            HttpResponse<String> again =
                    Http.send(
                            Http.request(gateway.port(), "/antiphon.js")
                                    .header("If-None-Match", same));
            assertThat(again.statusCode()).isEqualTo(304);
            assertThat(again.body()).isEmpty();
            assertThat(again.headers().firstValue("ETag")).contains(tag);
        }
        HttpResponse<String> changed =
                Http.send(
                        Http.request(gateway.port(), "/antiphon.js")
                                .header("If-None-Match", "\"other\""));
        assertThat(changed.statusCode()).isEqualTo(200);
    }

    @Test
    void headTellsTheLengthAndSendsNothing() throws Exception {
        int length =
                Http.get(gateway.port(), "/antiphon.js")
                        .body()
                        .getBytes(StandardCharsets.UTF_8)
                        .length;
        try (RawHttp client = RawHttp.connect(gateway.port())) {
            client.send("HEAD /antiphon.js HTTP/1.1\r\nHost: h\r\n\r\n");
            // Twice on one connection: a body would count as the second answer.
            client.send("HEAD /antiphon.js HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            String all =
                    new String(
                            client.socket().getInputStream().readAllBytes(),
                            StandardCharsets.ISO_8859_1);
            assertThat(all).containsSubsequence("Content-Length: " + length, "200 OK");
            assertThat(all).endsWith("\r\n\r\n").doesNotContain("import");
        }
    }

    @Test
    void onlyKnownFilesAreServed() throws Exception {
        for (String path :
                new String[] {
                    "/META-INF/MANIFEST.MF",
                    "/web/index.html",
                    "/./index.html",
                    "/index%2ehtml",
                    "/%69ndex.html",
                    "/dev/antiphon/gateway/Gateway.class",
                    "/logback-test.xml",
                    "/..%2flogback-test.xml"
                }) {
            Answer answer =
                    RawHttp.exchange(
                            gateway.port(), "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
            assertThat(answer.status()).as(path).isEqualTo(404);
        }
    }
}
