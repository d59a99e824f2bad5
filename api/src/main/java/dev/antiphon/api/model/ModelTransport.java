package dev.antiphon.api.model;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.util.Map;
import java.util.TreeMap;

/// The worker's HTTP client for model services: streams answers within the worker's {@link CallLimits}. An interrupt
/// closes the connection at once, also before the first byte. Thread-safe.
public interface ModelTransport {

    /// Sends a request and gives each event of the answer to `reader`, on the calling thread. Blocks until the answer
    /// is complete. Understands server-sent events, and JSON bodies, in which each object is an event without a name.
    ///
    /// @param provider named in the messages of failures
    /// @param call its model can be named in the messages of failures
    /// @param request what to send
    /// @param reader reads the events
    /// @throws ProviderFailure when the service is unreachable, refuses the request, sends nothing for too long, or
    ///     ends the stream before the reader returned {@link Read#END}. It has a {@link ProviderFailure#retryAfter}
    ///     only if a retry is safe
    /// @throws InterruptedException when the thread was interrupted; the connection is closed
    void stream(ModelProvider provider, ModelCall call, Request request, EventReader reader)
            throws ProviderFailure, InterruptedException;

    /// One HTTP request.
    ///
    /// @param method such as `POST`
    /// @param url the whole address, with its query
    /// @param headers names and values; the values can be secret
    /// @param body null for none
    record Request(String method, URI url, Map<String, String> headers, @Nullable String body) {

        public Request {
            headers = Map.copyOf(headers);
        }

        /// A POST request with a JSON body.
        ///
        /// @param url the whole address
        /// @param headers in addition to `Content-Type`
        /// @param json the body
        public static Request post(URI url, Map<String, String> headers, String json) {
            Map<String, String> all = new TreeMap<>(headers);
            all.put("Content-Type", "application/json");
            return new Request("POST", url, all, json);
        }

        /// Leaves out the headers, because they contain keys.
        @Override
        public String toString() {
            return "Request[" + method + " " + url + "]";
        }
    }

    /// Reads the events of one answer, in order, on the thread that called {@link ModelTransport#stream}.
    @FunctionalInterface
    interface EventReader {

        /// Reads one event.
        ///
        /// @param event the name of the event; null when it has none
        /// @param data the data lines of the event, joined by line feeds; or one JSON object
        /// @return what the event was
        /// @throws ReportedError when the event is an error of the service
        /// @throws ProviderFailure to end the call with this failure
        /// @throws InterruptedException when a {@link TokenSink} throws it: do not catch it
        /// @throws RuntimeException when the event breaks the protocol of the service: the call fails
        Read read(@Nullable String event, String data)
                throws ReportedError, ProviderFailure, InterruptedException;
    }

    /// What an event was.
    enum Read {
        /// Not a piece of the answer. The limit for the first token still applies.
        NOTHING,
        /// A piece of the answer. From the first piece on, the idle limit applies and the call is not retried.
        PIECE,
        /// The end mark of the service. The answer is complete, and the rest of the stream is not read.
        END
    }
}
