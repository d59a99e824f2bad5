package dev.antiphon.providers;

import dev.antiphon.api.model.ModelTransport.Request;
import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.EventListener;
import dev.antiphon.transport.StreamCall;
import dev.antiphon.transport.StreamingTransport;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.http.client.HttpClient;
import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/// Runs LangChain4j's HTTP requests on the worker's transport. The library only writes the request; the call's dialect
/// reads the answer. The library's own transport queues calls beyond 257, cannot be cancelled before the first event,
/// and stops checking the time limit at the headers.
final class LangChainHttp implements HttpClient {

    /// The library has no parameter for the call, so the thread carries it.
    private static final ScopedValue<StreamCall> CALL = ScopedValue.newInstance();

    private final StreamingTransport transport;

    private LangChainHttp(StreamingTransport transport) {
        this.transport = transport;
    }

    /// The client in the form that LangChain4j's models need. Their timeouts are ignored: ours apply.
    static HttpClientBuilder over(StreamingTransport transport) {
        return new Builder(new LangChainHttp(transport));
    }

    /// Runs code that calls the library. Blocks until the answer ends or fails, or the thread is interrupted.
    static void within(StreamCall call, Runnable library) {
        ScopedValue.where(CALL, call).run(library);
    }

    @Override
    public void execute(HttpRequest request, ServerSentEventListener listener) {
        StreamCall call =
                CALL.orElseThrow(() ->
                        new IllegalStateException("the library sent a request outside of a call"));
        transport.stream(translate(request), call, EventListener.NONE);
        switch (call.breakage().orElse(null)) {
            case null -> listener.onClose();
            case Breakage.Refused(int status, _, _) ->
                    listener.onError(new HttpException(status, "refused"));
            case Breakage why -> listener.onError(new IllegalStateException(why.toString()));
        }
    }

    /// The library's own parser is not used: it swallows exceptions of the listener and has no limits.
    @Override
    public void execute(
            HttpRequest request, ServerSentEventParser parser, ServerSentEventListener listener) {
        execute(request, listener);
    }

    /// Models are only streamed.
    @Override
    public SuccessfulHttpResponse execute(HttpRequest request) {
        throw new UnsupportedOperationException("only streamed answers are supported");
    }

    private static Request translate(HttpRequest request) {
        Map<String, String> headers = new TreeMap<>();
        request.headers().forEach((name, values) -> headers.put(name, String.join(", ", values)));
        return new Request(
                request.method().name(), URI.create(request.url()), headers, request.body());
    }

    private record Builder(LangChainHttp http) implements HttpClientBuilder {

        @Override
        public @Nullable Duration connectTimeout() {
            return null;
        }

        @Override
        public HttpClientBuilder connectTimeout(Duration ignored) {
            return this;
        }

        @Override
        public @Nullable Duration readTimeout() {
            return null;
        }

        @Override
        public HttpClientBuilder readTimeout(Duration ignored) {
            return this;
        }

        @Override
        public HttpClient build() {
            return http;
        }
    }
}
