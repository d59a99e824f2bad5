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

/// The TCP connection under an exchange, for a slow reader's state, which Vert.x hides. The only class that uses Netty.
final class TcpConnection {

    private TcpConnection() {}

    /// Bytes that were written and that the kernel has not taken yet. Shrinks as the kernel takes them, also within
    /// one write.
    static long bytesWaiting(HttpConnection connection) {
        ChannelOutboundBuffer waiting = channel(connection).unsafe().outboundBuffer();
        return waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
    }

    /// Closes at once. `HttpConnection.close()` first waits until everything is written, which never happens if the
    /// client does not read. With a linger time of zero the kernel also drops the bytes that it holds for the client.
    static void cut(HttpConnection connection) {
        Channel channel = channel(connection);
        if (!channel.isOpen()) {
            // Another connection might have its file descriptor by now, and would be reset.
            return;
        }
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        // From Vert.x' own handler on, which is the last one: it would wait.
        ChannelHandlerContext vertx = channel.pipeline().lastContext();
        if (vertx != null) {
            var _ = vertx.close();
        }
    }

    /// Whether the undecodable input was too large, and nothing else was wrong.
    static boolean isTooLarge(@Nullable Throwable undecodable) {
        return undecodable instanceof TooLongHttpLineException
                || undecodable instanceof TooLongHttpHeaderException;
    }

    private static Channel channel(HttpConnection connection) {
        return ((ConnectionBase) connection).channel();
    }
}
