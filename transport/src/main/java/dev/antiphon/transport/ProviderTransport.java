package dev.antiphon.transport;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTransport;
import dev.antiphon.api.model.ProviderContext;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ReportedError;

import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.Objects;

/// The transport of a worker: one for all its providers. Thread-safe.
public final class ProviderTransport implements ModelTransport, AutoCloseable {

    private final CallLimits limits;
    private final InstantSource clock;

    /// Null until a provider needs it, because creating it takes 0.3 s. Guarded by this.
    private @Nullable StreamingTransport http;

    public ProviderTransport(CallLimits limits, InstantSource clock) {
        this.limits = limits;
        this.clock = clock;
    }

    /// The larger interface of the transport, for Antiphon's own providers.
    ///
    /// @throws IllegalArgumentException when the context has another transport than a worker's
    public static StreamingTransport http(ProviderContext context) {
        if (context.transport() instanceof ProviderTransport transport) {
            return transport.http();
        }
        throw new IllegalArgumentException("this provider needs the transport of a worker");
    }

    private synchronized StreamingTransport http() {
        if (http == null) {
            http = new StreamingTransport(limits.connect(), clock);
        }
        return http;
    }

    @Override
    public void stream(ModelProvider provider, ModelCall call, Request request, EventReader reader)
            throws ProviderFailure, InterruptedException {
        Reading reading = new Reading(reader);
        StreamCall stream = new StreamCall(limits, reading);
        reading.stream = stream;
        http().stream(request, stream, EventListener.NONE);
        reading.throwWhatTheReaderThrew();
        if (stream.wasInterrupted()) {
            throw new InterruptedException("interrupted while the model answered");
        }
        Breakage breakage = stream.breakage().orElse(null);
        if (breakage == null && !stream.hasEnded()) {
            breakage = new Breakage.Cut();
        }
        if (breakage != null) {
            throw new FailureText(provider.name()).of(breakage, call.model(), stream.hasAnswered());
        }
    }

    /// Closes all connections.
    @Override
    public synchronized void close() {
        if (http != null) {
            http.close();
        }
    }

    /// Passes each event to the reader, and keeps an exception of the reader until the connection is closed.
    private static final class Reading implements Dialect {

        private final EventReader reader;
        private @Nullable StreamCall stream;
        private @Nullable Exception thrown;

        Reading(EventReader reader) {
            this.reader = reader;
        }

        @Override
        public Verdict judge(@Nullable String event, String data) {
            StreamCall call = Objects.requireNonNull(stream);
            try {
                return switch (reader.read(event, data)) {
                    case NOTHING -> new Verdict.Part();
                    case PIECE -> {
                        call.answering();
                        yield new Verdict.Part();
                    }
                    case END -> new Verdict.End();
                };
            } catch (ReportedError e) {
                return new Verdict.Failure(e.name(), e.status());
            } catch (ProviderFailure | InterruptedException e) {
                thrown = e;
                call.stop();
                return new Verdict.Part();
            }
        }

        @Override
        public @Nullable String refusal(int status, String body) {
            return ServiceErrors.refusal(status, body);
        }

        void throwWhatTheReaderThrew() throws ProviderFailure, InterruptedException {
            switch (thrown) {
                case null -> {}
                case ProviderFailure e -> throw e;
                case InterruptedException e -> throw e;
                default -> throw new AssertionError(thrown);
            }
        }
    }
}
