package dev.antiphon.providers;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTransport.Request;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.EventListener;
import dev.antiphon.transport.FailureText;
import dev.antiphon.transport.StreamCall;
import dev.antiphon.transport.StreamingTransport;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// OpenAI's Responses. In background mode the service goes on without us: a response is created once, and whoever loses its
/// stream (a worker that died, a connection that was cut) gets the rest of it.
///
/// Speaks the protocol itself: LangChain4j knows neither the background nor `starting_after`.
public final class ResponsesProvider implements ModelProvider {

    /// How often a stream that was cut is taken up again within one call; then the user is told.
    private static final int MAX_CUTS = 3;

    private static final CallLimits CANCEL_WITHIN =
            new CallLimits(
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(10));

    private final ServiceSettings settings;
    private final List<String> models;
    private final boolean background;
    private final CallLimits limits;
    private final StreamingTransport transport;
    private final FailureText failures = new FailureText(OpenAiFactory.NAME);

    /// Makes the provider; connects to nothing yet.
    ///
    /// @param background whether the service shall go on without us
    public ResponsesProvider(
            ServiceSettings settings,
            boolean background,
            CallLimits limits,
            StreamingTransport transport) {
        this.settings = settings;
        this.models = OpenAiFactory.models(settings);
        this.background = background;
        this.limits = limits;
        this.transport = transport;
    }

    @Override
    public String name() {
        return OpenAiFactory.NAME;
    }

    @Override
    public List<String> models() {
        return models;
    }

    @Override
    public Capabilities capabilities() {
        return Capabilities.of(
                background ? Continuation.REATTACH : Continuation.RESTART,
                Feature.REASONING,
                Feature.TOOLS,
                Feature.USAGE,
                Feature.CANCEL);
    }

    @Override
    public boolean joinsPieces() {
        return true;
    }

    @Override
    public ModelAnswer stream(ModelCall given, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        return stream(given, sink, new OpenAiRefusal());
    }

    /// As {@link #stream(ModelCall, TokenSink)}.
    ///
    /// @param refusal is told when the response was not created
    ModelAnswer stream(ModelCall given, TokenSink sink, OpenAiRefusal refusal)
            throws ProviderFailure, InterruptedException {
        ModelCall call = TurnOrder.of(given);
        Kept kept = call.kept();
        if (kept != null && background) {
            if (ResponsesReader.isHandle(kept.handle())) {
                ResponsesReader reader =
                        new ResponsesReader(new ResumingSink(sink, call.streamed(), kept), true);
                reader.continueFrom(kept.handle());
                ModelAnswer answer = read(reader, call, sink, true, refusal);
                if (answer != null) {
                    return answer;
                }
            }
            sink.reset(); // the service has forgotten it
        }
        ModelAnswer answer =
                read(new ResponsesReader(sink, background), call, sink, false, refusal);
        if (answer == null) {
            throw new IllegalStateException("only a kept response can be gone");
        }
        return answer;
    }

    /// @param mayBeGone whether null may tell that the service does not know the response
    private @Nullable ModelAnswer read(
            ResponsesReader reader,
            ModelCall call,
            TokenSink sink,
            boolean mayBeGone,
            OpenAiRefusal refusal)
            throws ProviderFailure, InterruptedException {
        long start = System.nanoTime();
        for (int cuts = 0; ; cuts++) {
            StreamCall stream = new StreamCall(limits, ResponsesReader.DIALECT, start);
            Request request = reader.id() == null ? create(call) : rest(reader);
            transport.stream(request, stream, reader.over(stream));
            if (stream.wasInterrupted()) {
                drop(reader, sink.isCancelled());
                throw new InterruptedException("interrupted while the model answered");
            }
            passOnWhatTheSinkThrew(reader, sink);
            JsonNode whole = reader.whole();
            if (whole != null) {
                return answer(whole, reader, call);
            }
            Breakage why = stream.breakage().orElseGet(Breakage.Cut::new);
            if (mayBeGone && !reader.hasAnswered() && isGone(why)) {
                return null;
            }
            if (reader.id() == null) {
                refusal.take(why, stream.refusal());
            }
            if (!background || reader.id() == null || !isCut(why) || cuts == MAX_CUTS) {
                ProviderFailure failure = failures.of(why, call.model(), reader.hasAnswered());
                // One that may pass asks for the same response again, if an attempt is to have it.
                drop(reader, !mayBeGone || failure.retryAfter().isEmpty());
                throw failure;
            }
        }
    }

    private void passOnWhatTheSinkThrew(ResponsesReader reader, TokenSink sink)
            throws InterruptedException {
        try {
            reader.outlet().throwWhatTheSinkThrew();
        } catch (InterruptedException e) {
            drop(reader, sink.isCancelled());
            throw e;
        }
    }

    private static boolean isCut(Breakage why) {
        return why instanceof Breakage.Cut || why instanceof Breakage.Unreachable;
    }

    /// Responses expire; 400 is said of those whose events are not kept any more.
    private static boolean isGone(Breakage why) {
        return why instanceof Breakage.Refused(int status, _, _)
                && (status == 400 || status == 404 || status == 410);
    }

    private Request create(ModelCall call) {
        String own = models.isEmpty() ? null : models.getFirst();
        String model = call.model() == null ? own : call.model();
        return Request.post(
                url("/responses"),
                headers(),
                ResponsesRequest.body(call, model, background, settings.reasoning()));
    }

    private Request rest(ResponsesReader reader) {
        String path =
                "/responses/" + reader.id() + "?stream=true&starting_after=" + reader.sequence();
        return new Request("GET", url(path), headers(), null);
    }

    private URI url(String path) {
        String base = settings.baseUrl();
        return URI.create(
                (base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path);
    }

    private Map<String, String> headers() {
        Map<String, String> headers = new TreeMap<>(LangChainProvider.HEADERS);
        if (settings.apiKey() != null) {
            headers.put("Authorization", "Bearer " + settings.apiKey());
        }
        return headers;
    }

    /// Tells the service that nobody wants the rest. Best effort, for it ends by itself, and without waiting: a cancelled run
    /// must end at once.
    private void drop(ResponsesReader reader, boolean isUnwanted) {
        if (!background || reader.id() == null || !isUnwanted) {
            return;
        }
        Request cancel = cancellation(reader.id());
        StreamCall call = new StreamCall(CANCEL_WITHIN, ResponsesReader.DIALECT);
        Thread.ofVirtual()
                .name("cancel a response")
                .start(() -> transport.stream(cancel, call, EventListener.NONE));
    }

    private Request cancellation(String id) {
        return Request.post(url("/responses/" + id + "/cancel"), headers(), "{}");
    }

    @Override
    public boolean cleanUp(Leftover left) throws InterruptedException {
        if (!ResponsesReader.isHandle(left.handle())) {
            return true; // nothing is known to run
        }
        String id = left.handle().substring(0, left.handle().lastIndexOf(':'));
        return transport
                .ask(cancellation(id), CANCEL_WITHIN.total())
                .filter(reply -> reply.status() / 100 == 2 || isOver(reply.status()))
                .isPresent();
    }

    /// What a service says of a response that it does not know any more, or that has ended.
    private static boolean isOver(int status) {
        return status == 400 || status == 404 || status == 409 || status == 410;
    }

    private ModelAnswer answer(JsonNode whole, ResponsesReader reader, ModelCall call)
            throws ProviderFailure {
        String reason = whole.path("incomplete_details").path("reason").stringValue("");
        FinishReason finish = finish(whole.path("status").stringValue("completed"), reason, reader);
        ModelTurn.Assistant turn = reader.turn(finish == FinishReason.STOP);
        if (call.tools().isEmpty() && !turn.toolCalls().isEmpty()) {
            throw failures.unknownTool();
        }
        if (ToolCalls.areMixedUp(turn.toolCalls())) {
            throw failures.mixedUpTools();
        }
        JsonNode tokens = whole.path("usage").path("output_tokens");
        String asked = call.model() == null ? "" : call.model();
        Completion completion =
                new Completion(
                        whole.path("model").stringValue(asked),
                        tokens.isIntegralNumber() ? tokens.asInt() : null,
                        finish,
                        reason.isEmpty() ? null : reason);
        return new ModelAnswer("", turn, completion);
    }

    /// Only what the service calls whole is: it adds reasons.
    private FinishReason finish(String status, String reason, ResponsesReader reader)
            throws ProviderFailure {
        if (status.equals("completed") && reason.isEmpty()) {
            return FinishReason.STOP;
        }
        return switch (reason) {
            case "max_output_tokens", "length" -> FinishReason.LENGTH;
            case "content_filter" -> throw failures.filtered(reason);
            case "" -> throw failures.stopped(status, reader.hasAnswered());
            default -> throw failures.stopped(reason, reader.hasAnswered());
        };
    }
}
