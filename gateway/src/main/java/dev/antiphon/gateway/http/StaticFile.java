package dev.antiphon.gateway.http;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/// One file of the chat page, held in memory and revalidated by its content.
final class StaticFile implements Endpoint {

    /// Only our own files may run, load or receive requests, and no other page may frame ours. HTML from a model that
    /// reaches the page in spite of everything can still do nothing.
    static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final byte[] content;
    private final String mediaType;
    private final String entityTag;

    /// A file.
    ///
    /// @param entityTag quoted (RFC 9110 §8.8.3), different for different content
    StaticFile(byte[] content, String mediaType, String entityTag) {
        this.content = content;
        this.mediaType = mediaType;
        this.entityTag = entityTag;
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.with("Content-Security-Policy", CONTENT_SECURITY_POLICY)
                .with("Referrer-Policy", "no-referrer")
                .with("Cache-Control", "no-cache")
                .with("ETag", entityTag);
        if (matches(exchange.header("If-None-Match"))) {
            exchange.answer(304);
        } else {
            exchange.answer(200, mediaType, content);
        }
    }

    private boolean matches(@Nullable String ifNoneMatch) {
        return ifNoneMatch != null
                && (ifNoneMatch.strip().equals("*")
                        || Arrays.stream(ifNoneMatch.split(",", -1))
                                .map(String::strip)
                                .map(tag -> tag.startsWith("W/") ? tag.substring(2) : tag)
                                .anyMatch(entityTag::equals));
    }
}
