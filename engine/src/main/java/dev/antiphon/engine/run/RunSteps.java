package dev.antiphon.engine.run;

import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Asker;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.RetrySink;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.api.workflow.NeedsUser;
import dev.antiphon.api.workflow.StepRun;
import dev.antiphon.api.workflow.ToolReply;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.engine.workflow.Checkpoint;
import dev.antiphon.engine.workflow.RunHost;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.time.Time;
import dev.antiphon.tools.ToolClaim;
import dev.antiphon.tools.ToolOutcome;
import dev.antiphon.tools.ToolSelection;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the steps of one attempt's workflow can do.
final class RunSteps implements RunHost {

    /// Most characters that are stored of parallel steps: at most 768 KiB, of the 1 MiB of a record. Beyond that they
    /// run again after a crash.
    private static final int MAX_PARALLEL_STATE = 256 * 1024;

    private final SessionLog log;
    private final RunParts parts;
    private final Retries retries;
    private final Time time;
    private final Claim.Claimed claimed;
    private final ModelProvider provider;
    private final @Nullable String model;
    private final Answering answering;
    private final List<ModelTurn> conversation;
    private final ToolSelection wanted;

    /// The user's answers to the steps that have not finished; removed when they have.
    private UserAnswers answers;

    RunSteps(
            SessionLog log,
            RunParts parts,
            Retries retries,
            Time time,
            Claim.Claimed claimed,
            ModelProvider provider,
            @Nullable String model,
            List<ModelTurn> conversation,
            UserAnswers answers,
            Answering answering) {
        this.log = log;
        this.parts = parts;
        this.retries = retries;
        this.time = time;
        this.claimed = claimed;
        this.provider = provider;
        this.model = model;
        this.answering = answering;
        this.answers = answers;
        this.conversation = conversation;
        this.wanted = ToolSelection.of(claimed.request().context().tools());
    }

    @Override
    public StepRun step(String key, boolean parallel) {
        return new OneStep(key, parallel, parallel ? UserAnswers.NONE : answers);
    }

    @Override
    public void finished(Checkpoint checkpoint) throws InterruptedException {
        answers = UserAnswers.NONE;
        Progress progress = answering.finished();
        keep(progress, progress.with(checkpoint));
    }

    @Override
    public void finishedParallel(Checkpoint checkpoint) throws InterruptedException {
        Progress progress = answering.unfinished();
        String kept = progress.with(checkpoint);
        if (kept.length() <= MAX_PARALLEL_STATE) {
            keep(progress, kept);
        }
    }

    @Override
    public String said(String key) throws InterruptedException {
        return answering.said(key);
    }

    private void keep(Progress progress, String kept) throws InterruptedException {
        WorkflowRequest request = claimed.request();
        boolean still =
                retries.untilAnswered(() ->
                        log.checkpoint(
                                request.sessionId(),
                                request.messageId(),
                                claimed.token(),
                                progress.chunk(),
                                kept));
        if (!still) {
            throw new InterruptedException("the run was lost");
        }
    }

    @Override
    public Thread thread(String step, Runnable work) {
        return time.thread(step, work);
    }

    /// One execution of one step.
    private final class OneStep implements StepRun {

        private final String key;
        private final boolean parallel;
        private final UserAnswers answers;
        private int asked;
        private int calls;
        private int toolCalls;
        private final Map<String, Integer> ids = new HashMap<>();

        OneStep(String key, boolean parallel, UserAnswers answers) {
            this.key = key;
            this.parallel = parallel;
            this.answers = answers;
        }

        @Override
        public WorkflowRequest request() {
            return claimed.request();
        }

        @Override
        public List<ModelTurn> conversation() {
            return conversation;
        }

        @Override
        public List<ToolSpec> tools() {
            return parts.tools().tools().offered(wanted);
        }

        @Override
        public ModelAnswer stream(List<ModelTurn> turns, List<ToolSpec> tools)
                throws ProviderFailure, NeedsUser, InterruptedException {
            Answering.CallSink sink =
                    answering.begin(
                            key,
                            provider.capabilities().continuation(),
                            calls == 0 && !parallel,
                            provider.joinsPieces());
            ModelCall call = call(turns, tools, sink.continued());
            calls++;
            ModelAnswer answer = answer(call, sink);
            sink.end(answer.lastPiece(), answer.completion());
            String question = answer.question();
            if (question != null && parallel) {
                throw refused("asks its user, which a step that runs in parallel cannot do");
            }
            if (question != null) {
                throw new NeedsUser(ServiceQuestion.of(question, answer.completion().tokensUsed()));
            }
            return answer;
        }

        @Override
        public ModelAnswer think(List<ModelTurn> turns)
                throws ProviderFailure, InterruptedException {
            if (provider.capabilities().has(Feature.KEEPS_CONVERSATION)) {
                throw refused(
                        "keeps the conversation itself and cannot answer separate calls; this workflow"
                                + " needs another provider");
            }
            return answer(
                    call(turns, List.of(), Answering.Continued.NOT), new HiddenSink(answering));
        }

        /// The only entry of models' text: the code after it does not check it again.
        private ModelAnswer answer(ModelCall call, RetrySink sink)
                throws ProviderFailure, InterruptedException {
            EncodableSink encodable = new EncodableSink(sink);
            ModelAnswer answer = provider.stream(call, encodable);
            encodable.end();
            return answer.encodable();
        }

        private ProviderFailure refused(String why) {
            return new ProviderFailure(
                    ErrorCode.INVALID_FIELD,
                    "The provider '" + provider.name() + "' " + why + ".",
                    null);
        }

        private ModelCall call(
                List<ModelTurn> turns, List<ToolSpec> tools, Answering.Continued continued) {
            RequestContext context = claimed.request().context();
            return new ModelCall(
                    model,
                    context.systemPrompt(),
                    turns,
                    tools,
                    context.temperature(),
                    context.maxTokens(),
                    continued.text(),
                    continued.kept(),
                    new Asker(
                            claimed.request().sessionId(),
                            claimed.incarnation(),
                            claimed.request().messageId(),
                            key + '.' + calls,
                            answers.ofService()));
        }

        @Override
        public void say(String text) throws InterruptedException {
            answering.say(key, Json.encodable(text));
        }

        @Override
        public ToolReply call(ToolCall call) throws NeedsUser, InterruptedException {
            String step = key + '.' + toolCalls++;
            ToolOutcome outcome =
                    isAllowed(call)
                            ? parts.tools().run(call, step, claim(), wanted)
                            : new ToolOutcome.Refused("the user did not allow it.");
            return switch (outcome) {
                case ToolOutcome.Lost _ -> throw new InterruptedException("the run was lost");
                case ToolOutcome.Reported reported -> {
                    answering.toolResult(shownId(call.id()), call.name(), reported.text());
                    yield new ToolReply(kind(reported), reported.text(), forModel(call, reported));
                }
            };
        }

        private static ToolReply.Kind kind(ToolOutcome.Reported reported) {
            return switch (reported) {
                case ToolOutcome.Result _ -> ToolReply.Kind.RESULT;
                case ToolOutcome.Failed _ -> ToolReply.Kind.FAILED;
                case ToolOutcome.Refused _ -> ToolReply.Kind.REFUSED;
                case ToolOutcome.Unknown _ -> ToolReply.Kind.UNKNOWN;
            };
        }

        private static ModelTurn.ToolResult forModel(ToolCall call, ToolOutcome.Reported reported) {
            return new ModelTurn.ToolResult(call.id(), call.name(), reported.forModel());
        }

        /// If a step uses one id for several calls, each of their results is shown.
        private String shownId(String id) {
            int times = ids.merge(id, 1, Integer::sum);
            return times == 1 ? id : id + '-' + times;
        }

        private boolean isAllowed(ToolCall call) throws NeedsUser {
            boolean asks =
                    parts.tools().tools().find(call.name(), wanted).stream()
                            .anyMatch(tool -> parts.approved().allows(tool.id()));
            return !asks || Approval.isGiven(ask(Approval.question(call)));
        }

        private ToolClaim claim() {
            WorkflowRequest request = claimed.request();
            return new ToolClaim(
                    request.sessionId(),
                    claimed.incarnation(),
                    request.messageId(),
                    request.userId(),
                    claimed.token());
        }

        @Override
        public String ask(ObjectNode question) throws NeedsUser {
            if (parallel) {
                throw new IllegalStateException(
                        "a step that runs in parallel with others cannot ask the user");
            }
            if (asked < answers.ofStep().size()) {
                return answers.ofStep().get(asked++);
            }
            throw new NeedsUser(question);
        }
    }

    /// Takes the answers that a step needs only for itself.
    private record HiddenSink(Answering run) implements RetrySink {

        @Override
        public void content(String text) {}

        @Override
        public void reasoning(String text) {}

        @Override
        public void toolCall(String id, String name, String arguments) {}

        @Override
        public void toolResult(String id, String name, String result) {}

        @Override
        public void retrying(String why, Duration wait) throws InterruptedException {
            run.retrying(why, wait);
        }

        @Override
        public void kept(String handle) {}

        @Override
        public void reset() {}

        @Override
        public boolean isCancelled() {
            return run.isCancelled();
        }
    }
}
