package dev.antiphon.gateway.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

import org.jspecify.annotations.Nullable;

/// The TCP connection under an exchange, where Vert.x hides what a slow reader does. The only class that
/// knows Netty.
final class Wire {

    private Wire() {}

    /// Bytes that were written and that the kernel has not taken yet. Falls by what it takes, also within one write.
    static long bytesWaiting(HttpConnection connection) {
        ChannelOutboundBuffer waiting = channel(connection).unsafe().outboundBuffer();
        return waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
    }

    /// Closes at once. `HttpConnection.close()` first waits until all is written, which for a client that
    /// does not read is never. Without lingering the kernel drops what it holds for the client too.
    static void cut(HttpConnection connection) {
        Channel channel = channel(connection);
        if (!channel.isOpen()) {
            // Its file descriptor may be another connection's by now, and that one would be reset.
            return;
        }
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        // From Vert.x' own handler on, which is the last one: it would wait.
        ChannelHandlerContext vertx = channel.pipeline().lastContext();
        if (vertx != null) {
            var _ = vertx.close();
        }
    }

    /// Whether what could not be decoded was too large, and not something else.
    static boolean isTooLarge(@Nullable Throwable undecodable) {
        return undecodable instanceof TooLongHttpLineException
                || undecodable instanceof TooLongHttpHeaderException;
    }

    private static Channel channel(HttpConnection connection) {
        return ((ConnectionBase) connection).channel();
    }
}
