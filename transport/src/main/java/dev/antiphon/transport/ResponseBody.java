package dev.antiphon.transport;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The body of a response as it arrives, read by the call's thread, which waits no longer than the limits of the call.
///
/// If a limit, a lost connection, an interrupt or the end of the call ends the body early, the reader sees the end of
/// the stream, and the call knows the reason. The end of a stream never decides whether an answer is whole.
final class ResponseBody extends InputStream implements BodySubscriber<ResponseBody> {

    /// How long the body of a complete answer can take to end, so that its connection can be reused.
    private static final Duration DRAIN = Duration.ofSeconds(1);

    private final StreamCall call;
    private final CompletableFuture<ResponseBody> subscribed = new CompletableFuture<>();

    /// At most two, a delivery and the end, because the next delivery is requested when one is taken.
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();

    private volatile @Nullable Subscription subscription;
    private volatile boolean draining;

    // The rest belongs to the call's thread.
    private final Deque<ByteBuffer> buffers = new ArrayDeque<>();
    private boolean finished;

    private sealed interface Arrival {

        record Bytes(List<ByteBuffer> buffers) implements Arrival {}

        record End() implements Arrival {}

        record Lost() implements Arrival {}
    }

    ResponseBody(StreamCall call) {
        this.call = call;
    }

    @Override
    public CompletionStage<ResponseBody> getBody() {
        return subscribed;
    }

    @Override
    public void onSubscribe(Subscription source) {
        subscription = source;
        subscribed.complete(this);
        source.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> delivered) {
        if (!draining) {
            arrivals.add(new Arrival.Bytes(delivered));
        }
    }

    @Override
    public void onError(Throwable why) {
        subscribed.completeExceptionally(why); // no effect once there is a subscription
        arrivals.add(new Arrival.Lost());
    }

    @Override
    public void onComplete() {
        arrivals.add(new Arrival.End());
    }

    @Override
    public int read() {
        ByteBuffer buffer = filled();
        return buffer == null ? -1 : Byte.toUnsignedInt(buffer.get());
    }

    @Override
    public int read(byte[] to, int offset, int most) {
        if (most == 0) {
            return 0;
        }
        ByteBuffer buffer = filled();
        if (buffer == null) {
            return -1;
        }
        int count = Math.min(most, buffer.remaining());
        buffer.get(to, offset, count);
        return count;
    }

    /// The buffer to read from, or null at the end.
    private @Nullable ByteBuffer filled() {
        while (!call.isOver()) {
            ByteBuffer buffer = buffers.peek();
            if (buffer != null && buffer.hasRemaining()) {
                return buffer;
            }
            if (buffer != null) {
                buffers.remove();
            } else if (finished) {
                return null;
            } else {
                await();
            }
        }
        return null;
    }

    private void await() {
        StreamCall.Deadline deadline = call.deadline();
        long left = deadline.nanosLeft();
        if (left < 0 && deadline.limit() == Breakage.Limit.TOTAL) {
            call.broke(deadline.passed()); // even if more bytes wait: an endless answer must end
            return;
        }
        try {
            Arrival arrival = arrivals.poll(left, TimeUnit.NANOSECONDS);
            if (arrival == null) {
                call.broke(deadline.passed());
            } else {
                take(arrival);
            }
        } catch (InterruptedException e) {
            call.interrupted();
        }
    }

    private void take(Arrival arrival) {
        switch (arrival) {
            case Arrival.Bytes(var delivered) -> {
                buffers.addAll(delivered);
                source().request(1);
            }
            case Arrival.End _ -> finished = true;
            case Arrival.Lost _ -> {
                finished = true;
                call.broke(new Breakage.Cut());
            }
        }
    }

    /// The beginning of the body of a refusal, as far as it arrives soon. The limits of the call do not apply, because
    /// a refusal is known by its status.
    byte[] beginning(int mostBytes, Duration within) throws InterruptedException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long end = System.nanoTime() + within.toNanos();
        while (!finished && bytes.size() < mostBytes) {
            Arrival arrival = arrivals.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (arrival == null) {
                break;
            }
            switch (arrival) {
                case Arrival.Bytes(var delivered) -> {
                    for (ByteBuffer each : delivered) {
                        byte[] piece = new byte[each.remaining()];
                        each.get(piece);
                        bytes.writeBytes(piece);
                    }
                    source().request(1);
                }
                case Arrival.End _, Arrival.Lost _ -> finished = true;
            }
        }
        return bytes.toByteArray();
    }

    /// Releases the connection: for the next call when this answer is complete, otherwise by closing it. Does
    /// not block.
    @Override
    public void close() {
        if (finished) {
            return; // it was released when the last byte came
        }
        if (call.hasEnded()) {
            draining = true;
            arrivals.clear();
            source().request(Long.MAX_VALUE);
            later().execute(() ->
                    source().cancel()); // no effect on a body that has ended meanwhile
        } else {
            source().cancel();
        }
    }

    private static Executor later() {
        return CompletableFuture.delayedExecutor(DRAIN.toMillis(), TimeUnit.MILLISECONDS);
    }

    private Subscription source() {
        Subscription source = subscription;
        if (source == null) {
            throw new IllegalStateException("a body is handed out when it is subscribed");
        }
        return source;
    }
}
