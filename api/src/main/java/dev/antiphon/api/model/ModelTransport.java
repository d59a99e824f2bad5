package dev.antiphon.api.model;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.util.Map;
import java.util.TreeMap;

/// The worker's way to model services over HTTP: streamed answers, within the worker's {@link CallLimits}. An interrupt
/// closes the connection at once, also before the first byte. Thread-safe.
public interface ModelTransport {

    /// Sends a request, and reads the events of the answer on the calling thread. Blocks until the answer is whole. Takes
    /// server-sent events, and bodies of JSON: each object is then one event without a name.
    ///
    /// @param provider whose name the messages of failures have
    /// @param call whose model the messages of failures may name
    /// @throws ProviderFailure when the service cannot be reached, refuses, is silent for too long, or ends the stream before
    ///     the reader has said {@link Read#END}. The failure may be repeated exactly when that is safe
    /// @throws InterruptedException when interrupted; the connection is closed
    void stream(ModelProvider provider, ModelCall call, Request request, EventReader reader)
            throws ProviderFailure, InterruptedException;

    /// One request.
    ///
    /// @param method such as `POST`
    /// @param body null for none
    record Request(String method, URI url, Map<String, String> headers, @Nullable String body) {

        public Request {
            headers = Map.copyOf(headers);
        }

        /// A request with a body of JSON.
        ///
        /// @param headers beside `Content-Type`
        public static Request post(URI url, Map<String, String> headers, String json) {
            Map<String, String> all = new TreeMap<>(headers);
            all.put("Content-Type", "application/json");
            return new Request("POST", url, all, json);
        }

        /// Without header values, which have keys.
        @Override
        public String toString() {
            return "Request[" + method + " " + url + "]";
        }
    }

    /// Reads the events of one answer, in order, on the thread of the call.
    @FunctionalInterface
    interface EventReader {

        /// Reads one event.
        ///
        /// @param event the name of the event; null when it has none
        /// @param data the joined data lines
        /// @throws ProviderFailure to end the call with it
        /// @throws InterruptedException when a {@link TokenSink} throws it: let it pass
        /// @throws RuntimeException when the event is not what the protocol of the service says: the call fails
        Read read(@Nullable String event, String data) throws ProviderFailure, InterruptedException;
    }

    /// What an event was.
    enum Read {
        /// No piece of the answer: the limit for the first token still counts.
        NOTHING,
        /// A piece of the answer: from the first one on, the limit for silence counts, and the call is not repeated.
        PIECE,
        /// The end mark of the service: the answer is whole, and the rest of the stream is not read.
        END
    }
}
