package dev.antiphon.transport;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelTransport.Request;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPInputStream;

/// The HTTP client for model services. It works on the calling thread: a call returns when its answer has ended.
///
/// Many threads use it at the same time, each with a {@link StreamCall}, which holds the limits and learns what failed.
/// Each answer has its own socket (HTTP/1.1): closing it is a cancellation that no server overlooks, and no server's
/// limit on streams per connection applies.
public final class StreamingTransport implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamingTransport.class);

    /// A reply about a run or a thread has a few kilobytes; it quotes our request.
    private static final int MAX_REPLY_BYTES = 1 << 20;

    private static final int MAX_REFUSAL_BYTES = 16 * 1024;
    private static final Duration REFUSAL_WITHIN = Duration.ofSeconds(1);

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final InstantSource clock;
    private final HttpClient client;

    /// Opens no connection yet. Unused connections are kept for 30 s.
    ///
    /// @param connect the {@link CallLimits#connect} of all calls
    public StreamingTransport(Duration connect, InstantSource clock) {
        this.clock = clock;
        this.client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(connect)
                        .executor(threads)
                        .build();
    }

    /// Streams one answer to a listener. Returns when the answer has ended, in success or failure: the call
    /// knows which.
    public void stream(Request request, StreamCall call, EventListener listener) {
        HttpResponse<ResponseBody> response = send(request, call);
        if (response == null) {
            return;
        }
        try (ResponseBody body = response.body()) {
            if (response.statusCode() / 100 != 2) {
                refused(request, response, call);
                return;
            }
            listener.onOpen(response.headers().map());
            read(body, isZipped(response), new Watching(listener, call, request), call);
        }
    }

    private static void read(
            ResponseBody body, boolean zipped, EventListener listener, StreamCall call) {
        try (InputStream bytes = zipped ? new GZIPInputStream(body) : body) {
            StreamParser.parse(bytes, listener, call);
        } catch (EOFException e) {
            call.broke(new Breakage.Cut()); // no effect when the call had already ended
        } catch (IOException e) {
            call.broke(new Breakage.Malformed());
        }
    }

    /// Some servers compress without being asked.
    private static boolean isZipped(HttpResponse<?> response) {
        String encoding = response.headers().firstValue("content-encoding").orElse("");
        return encoding.equalsIgnoreCase("gzip") || encoding.equalsIgnoreCase("x-gzip");
    }

    /// Waits for the headers.
    ///
    /// @return null when none came; the call then knows why
    private @Nullable HttpResponse<ResponseBody> send(Request request, StreamCall call) {
        StreamCall.Deadline deadline = call.deadline();
        CompletableFuture<HttpResponse<ResponseBody>> sent =
                client.sendAsync(translate(request, call::rewritten), _ -> new ResponseBody(call));
        try {
            return sent.get(deadline.nanosLeft(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            call.broke(
                    e.getCause() instanceof HttpConnectTimeoutException
                            ? call.connectLimit()
                            : new Breakage.Unreachable());
        } catch (TimeoutException e) {
            call.broke(deadline.passed());
        } catch (InterruptedException e) {
            call.interrupted();
        }
        sent.cancel(true); // closes the connection, however far it got
        // For the case that the headers came in this very moment.
        var _ = sent.thenAccept(late -> late.body().close());
        return null;
    }

    private static HttpRequest translate(Request request, UnaryOperator<String> rewriting) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(request.url());
        request.headers().forEach(builder::header);
        String body = request.body();
        return builder.method(
                        request.method(),
                        body == null
                                ? BodyPublishers.noBody()
                                : BodyPublishers.ofString(rewriting.apply(body)))
                .build();
    }

    private void refused(Request request, HttpResponse<ResponseBody> response, StreamCall call) {
        try {
            byte[] beginning = response.body().beginning(MAX_REFUSAL_BYTES, REFUSAL_WITHIN);
            String text =
                    new String(
                            isZipped(response) ? unzipped(beginning) : beginning,
                            StandardCharsets.UTF_8);
            LOG.atWarn()
                    .addKeyValue("host", request.url().getHost())
                    .addKeyValue("status", response.statusCode())
                    .addKeyValue("text", ServiceText.forLog(text, request))
                    .log("a model service refused a request");
            call.refused(
                    response.statusCode(), text, retryAfter(response.headers(), clock.instant()));
        } catch (InterruptedException e) {
            call.interrupted();
        }
    }

    /// As much of a refusal as can be decompressed.
    private static byte[] unzipped(byte[] beginning) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        byte[] piece = new byte[1024];
        try (InputStream zipped = new GZIPInputStream(new ByteArrayInputStream(beginning))) {
            for (int count = zipped.read(piece);
                    count > 0 && text.size() < MAX_REFUSAL_BYTES;
                    count = zipped.read(piece)) {
                text.write(piece, 0, count);
            }
        } catch (IOException e) {
            LOG.atDebug().setCause(e).log("decompressing a refusal failed");
        }
        return text.toByteArray();
    }

    /// RFC 9110 §10.2.3: seconds, or a date.
    private static @Nullable Duration retryAfter(HttpHeaders headers, Instant now) {
        String value = headers.firstValue("retry-after").orElse("").strip();
        try {
            if (value.matches("[0-9]{1,9}")) {
                return Duration.ofSeconds(Long.parseLong(value));
            }
            Instant date =
                    ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            return date.isAfter(now) ? Duration.between(now, date) : Duration.ZERO;
        } catch (DateTimeException e) {
            return null; // absent or unreadable
        }
    }

    /// The reply of a service to a request that is not streamed.
    public record Reply(int status, String body) {}

    /// Sends a small request, outside of any {@link StreamCall}. Blocks until the service has replied.
    ///
    /// @param within time limit for the whole reply
    /// @return empty when the service was unreachable, or its reply was too late or too long
    /// @throws InterruptedException when interrupted; the service may have received the request
    public Optional<Reply> ask(Request request, Duration within) throws InterruptedException {
        CompletableFuture<HttpResponse<String>> sent =
                client.sendAsync(
                        translate(request, UnaryOperator.identity()),
                        BodyHandlers.limiting(BodyHandlers.ofString(), MAX_REPLY_BYTES));
        try {
            HttpResponse<String> response = sent.get(within.toNanos(), TimeUnit.NANOSECONDS);
            return Optional.of(new Reply(response.statusCode(), response.body()));
        } catch (ExecutionException | TimeoutException e) {
            return Optional.empty();
        } finally {
            sent.cancel(true); // no effect once it has answered
        }
    }

    /// Runs a task for a call whose own thread must continue. Stops when the transport is closed.
    public void afterwards(Runnable task) {
        try {
            threads.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.atDebug().setCause(e).log("closed before a service could be told to stop");
        }
    }

    /// Closes all connections.
    @Override
    public void close() {
        client.shutdownNow();
        threads.shutdownNow();
    }

    /// Passes each event to the call first.
    private record Watching(EventListener listener, StreamCall call, Request request)
            implements EventListener {

        @Override
        public void onEvent(@Nullable String event, String data) {
            try {
                if (call.take(event, data)) {
                    listener.onEvent(event, data);
                }
            } catch (RuntimeException e) { // a parser failed
                LOG.atDebug().setCause(e).log("a model service sent a malformed event");
                call.broke(new Breakage.Malformed());
            }
            if (call.breakage().orElse(null) instanceof Breakage.Reported) {
                LOG.atWarn()
                        .addKeyValue("host", request.url().getHost())
                        .addKeyValue("text", ServiceText.forLog(data, request))
                        .log("a model service reported an error");
            }
            call.alive();
        }
    }
}
