package dev.antiphon.gateway.http;

import io.vertx.core.buffer.Buffer;

import org.jspecify.annotations.Nullable;

/// Wraps bytes for Vert.x once for all connections that get the same bytes. Remembering one is enough: the readers of a
/// session are written to directly after each other.
final class SharedBuffers {

    private byte @Nullable [] bytes;
    private Buffer buffer = Buffer.buffer();

    /// Wraps bytes. The buffer can be written to several connections at once and is never modified.
    @SuppressWarnings("ReferenceEquality") // this very array, not one with the same bytes
    Buffer of(byte[] wanted) {
        if (wanted != bytes) {
            buffer = Buffer.buffer(wanted);
            bytes = wanted;
        }
        return buffer;
    }
}
