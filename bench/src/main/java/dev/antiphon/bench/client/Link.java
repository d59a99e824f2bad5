package dev.antiphon.bench.client;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Queue;

/// One TCP connection of an event loop. Belongs to the loop's thread.
public final class Link {

    /// Takes what arrives.
    public interface Reader {
        /// Bytes arrived; the array is used again after this call.
        void read(byte[] bytes, int from, int to);

        /// The peer closed the connection, or it failed. Not called after [Link#close].
        void closed(String why);
    }

    private final EventLoop loop;
    private final SocketChannel channel;
    private final Reader reader;
    private final Queue<ByteBuffer> unsent = new ArrayDeque<>();
    private @Nullable SelectionKey key;
    private boolean connected;
    private boolean closed;

    private Link(EventLoop loop, SocketChannel channel, Reader reader, boolean connected) {
        this.loop = loop;
        this.channel = channel;
        this.reader = reader;
        this.connected = connected;
    }

    /// Begins to connect; what is sent before that is done waits.
    public static Link connect(EventLoop loop, InetSocketAddress address, Reader reader) {
        try {
            SocketChannel channel = SocketChannel.open();
            Link link = new Link(loop, channel, reader, false);
            link.key = loop.register(channel, SelectionKey.OP_CONNECT, link);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            try {
                if (channel.connect(address)) {
                    link.connected();
                }
            } catch (IOException e) {
                // Not now: the caller does not have its link yet.
                loop.execute(() -> link.failed(e));
            }
            return link;
        } catch (IOException e) {
            throw new IllegalStateException("no more sockets: " + e.getMessage(), e);
        }
    }

    /// Takes over a connection that was accepted.
    public static Link accepted(EventLoop loop, SocketChannel channel, Reader reader) {
        Link link = new Link(loop, channel, reader, true);
        link.key = loop.register(channel, SelectionKey.OP_READ, link);
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        } catch (IOException e) {
            link.failed(e);
        }
        return link;
    }

    /// Writes now, or later in the same order. The array must not change afterwards.
    public void send(byte[] bytes) {
        if (closed) {
            return;
        }
        unsent.add(ByteBuffer.wrap(bytes));
        if (connected && unsent.size() == 1) {
            write();
        }
    }

    void ready(SelectionKey ready) {
        try {
            if (ready.isConnectable() && channel.finishConnect()) {
                connected();
            }
            if (!closed && ready.isValid() && ready.isWritable()) {
                write();
            }
            if (!closed && ready.isValid() && ready.isReadable() && !loop.read(channel, reader)) {
                failed(new IOException("the server closed the connection"));
            }
        } catch (IOException e) {
            failed(e);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            failed(new IOException("what the server sent cannot be read: " + e.getMessage(), e));
        }
    }

    private void connected() {
        connected = true;
        interest(SelectionKey.OP_READ);
        if (!unsent.isEmpty()) {
            write();
        }
    }

    private void write() {
        try {
            while (!unsent.isEmpty()) {
                ByteBuffer next = unsent.element();
                channel.write(next);
                if (next.hasRemaining()) {
                    interest(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                    return;
                }
                unsent.remove();
            }
            interest(SelectionKey.OP_READ);
        } catch (IOException e) {
            failed(e);
        }
    }

    private void interest(int operations) {
        SelectionKey own = key;
        if (own != null && own.isValid() && own.interestOps() != operations) {
            own.interestOps(operations);
        }
    }

    private void failed(IOException why) {
        if (!closed) {
            close();
            reader.closed(String.valueOf(why.getMessage()));
        }
    }

    public void close() {
        closed = true;
        unsent.clear();
        try {
            channel.close();
        } catch (IOException _) {
            // It is gone either way.
        }
    }
}
