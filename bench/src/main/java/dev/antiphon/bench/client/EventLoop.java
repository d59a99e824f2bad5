package dev.antiphon.bench.client;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// One thread with a selector, for all connections of a load. All methods are for that thread, unless they say
/// otherwise.
public final class EventLoop implements AutoCloseable {

    private static final int BUFFER_BYTES = 256 * 1024;

    private final Selector selector;
    private final Thread thread;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private final AtomicLong callCount = new AtomicLong();
    private final Map<Long, CompletableFuture<?>> calls = new ConcurrentHashMap<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final byte[] bytes = new byte[BUFFER_BYTES];
    private long readAt;
    private volatile boolean closed;
    private volatile @Nullable Throwable failure;

    private record Timer(long at, Runnable task) implements Comparable<Timer> {
        @Override
        public int compareTo(Timer other) {
            return Long.signum(at - other.at);
        }
    }

    /// Starts the thread.
    public EventLoop(String name) {
        try {
            this.selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    /// Runs a task on the loop. Any thread.
    public void execute(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    /// Runs `start` on the loop and waits for its result. Any thread but the loop's.
    ///
    /// @throws IllegalStateException when the loop or the task failed; the cause says why
    public <T> T call(Supplier<CompletableFuture<T>> start) throws InterruptedException {
        CompletableFuture<T> result = new CompletableFuture<>();
        long call = callCount.getAndIncrement();
        calls.put(call, result);
        execute(() -> {
            var _ =
                    start.get()
                            .whenComplete((value, failed) -> {
                                if (failed == null) {
                                    result.complete(value);
                                } else {
                                    result.completeExceptionally(failed);
                                }
                            });
        });
        Throwable dead = failure;
        if (dead != null) {
            throw failed(dead);
        }
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw failed(e.getCause() == null ? e : e.getCause());
        } finally {
            calls.remove(call);
        }
    }

    /// As [#call], for a task without a wait.
    public <T> T get(Supplier<T> task) throws InterruptedException {
        return call(() -> CompletableFuture.completedFuture(task.get()));
    }

    /// Runs a task at this time of `System.nanoTime`, at most a millisecond later if the loop is idle.
    public void at(long nanoTime, Runnable task) {
        timers.add(new Timer(nanoTime, task));
    }

    /// When the bytes that are being processed were read.
    long readAt() {
        return readAt;
    }

    SelectionKey register(SocketChannel channel, int interest, Link link) {
        try {
            channel.configureBlocking(false);
            return channel.register(selector, interest, link);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Hands every accepted connection to `accepted`.
    public void listen(ServerSocketChannel server, Consumer<SocketChannel> accepted) {
        try {
            server.configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT, new Acceptor(server, accepted));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private record Acceptor(ServerSocketChannel server, Consumer<SocketChannel> accepted) {
        void ready() {
            try {
                for (SocketChannel next = server.accept(); next != null; next = server.accept()) {
                    accepted.accept(next);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void run() {
        try {
            while (!closed) {
                select();
                for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                    task.run();
                }
                runTimers();
            }
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
            calls.values().forEach(call -> call.completeExceptionally(e));
        } finally {
            closeAll();
        }
    }

    private void select() throws IOException {
        Timer next = timers.peek();
        long wait = next == null ? Long.MAX_VALUE : next.at() - System.nanoTime();
        if (wait <= 0 || !tasks.isEmpty()) {
            selector.selectNow(this::ready);
        } else if (next == null) {
            selector.select(this::ready);
        } else {
            // Rounded up: to wait busily for less than a millisecond would take CPU from the system
            // under test.
            selector.select(this::ready, (wait + 999_999) / 1_000_000);
        }
    }

    private void ready(SelectionKey key) {
        if (key.attachment() instanceof Link link) {
            link.ready(key);
        } else if (key.attachment() instanceof Acceptor acceptor) {
            acceptor.ready();
        }
    }

    private void runTimers() {
        long now = System.nanoTime();
        for (Timer next = timers.peek(); next != null && next.at() <= now; next = timers.peek()) {
            timers.remove();
            next.task().run();
        }
    }

    /// Reads what has arrived and hands it to the reader, which must not keep the array.
    ///
    /// @return false at the end of the stream
    boolean read(SocketChannel channel, Link.Reader reader) throws IOException {
        buffer.clear();
        int count = channel.read(buffer);
        readAt = System.nanoTime();
        if (count > 0) {
            buffer.flip();
            buffer.get(bytes, 0, count);
            reader.read(bytes, 0, count);
        }
        return count >= 0;
    }

    private void closeAll() {
        try {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Closes all connections. Any thread.
    ///
    /// @throws IllegalStateException when the loop had failed
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        Throwable dead = failure;
        if (dead != null) {
            throw failed(dead);
        }
    }

    private static IllegalStateException failed(Throwable why) {
        return new IllegalStateException("the load client failed: " + why, why);
    }
}
