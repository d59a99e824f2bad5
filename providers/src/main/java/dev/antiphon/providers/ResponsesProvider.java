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

/// OpenAI's Responses. In background mode the service continues without us: a response is created once, and a worker
/// that takes over from a dead one, or that lost its connection, fetches the rest of the stream.
///
/// Writes the protocol itself: LangChain4j knows neither background mode nor `starting_after`.
public final class ResponsesProvider implements ModelProvider {

    /// How often a lost stream is resumed within one call, before the user gets an error.
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

    /// Creates the provider; connects to nothing yet.
    ///
    /// @param background whether the service continues when its connection closes
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

    /// Like {@link #stream(ModelCall, TokenSink)}.
    ///
    /// @param refusal records why the response was not created
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
            throw new IllegalStateException("only a kept response can be missing");
        }
        return answer;
    }

    /// @param mayBeGone whether the result can be null, for a response that the service does not know
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
                // After a temporary failure, the next attempt fetches the same response again.
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

    /// Responses expire; the service answers 400 for those whose events it no longer stores.
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

    /// Tells the service to stop a response. Best effort, because the response ends by itself, and without waiting,
    /// because a cancelled run must end at once.
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
            return true; // no response is known
        }
        String id = left.handle().substring(0, left.handle().lastIndexOf(':'));
        return transport
                .ask(cancellation(id), CANCEL_WITHIN.total())
                .filter(reply -> reply.status() / 100 == 2 || isOver(reply.status()))
                .isPresent();
    }

    /// How the service answers about a response that it no longer knows, or that has ended.
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

    /// An answer is complete only if the service says so: the service adds new reasons.
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
