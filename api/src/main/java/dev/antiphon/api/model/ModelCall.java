package dev.antiphon.api.model;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// One call of a model.
///
/// @param model as the request or the settings name it; null for the provider's own default
/// @param turns what the model sees, oldest first
/// @param tools what the model may ask for; empty for none
/// @param streamed the text that an earlier attempt at this call has streamed and that stands; empty unless the
///     provider's continuation is REPLAY or REATTACH
/// @param kept the answer that an earlier attempt began, where the service keeps it; null unless the provider's
///     continuation is REATTACH
/// @param asker for whom the call is; null when that does not matter
public record ModelCall(
        @Nullable String model,
        @Nullable String systemPrompt,
        List<ModelTurn> turns,
        List<ToolSpec> tools,
        @Nullable Double temperature,
        @Nullable Integer maxTokens,
        String streamed,
        @Nullable Kept kept,
        @Nullable Asker asker) {

    /// An answer that goes on at the service without us.
    ///
    /// @param handle what the provider said with {@link TokenSink#kept}
    /// @param reasoning what has been streamed of it, as {@link ModelCall#streamed} of the text
    /// @param toolCalls and of the arguments of its tool calls, by their ids
    /// @param toolResults the ids of the calls whose results have been streamed, of tools that the service ran
    public record Kept(
            String handle,
            String reasoning,
            Map<String, String> toolCalls,
            Set<String> toolResults) {

        public Kept {
            toolCalls = Map.copyOf(toolCalls);
            toolResults = Set.copyOf(toolResults);
        }

        public Kept(String handle, String reasoning) {
            this(handle, reasoning, Map.of(), Set.of());
        }
    }

    /// For whom a service that remembers conversations is asked.
    ///
    /// @param incarnation changes when the session's name gets another owner; whatever a service keeps for the session is
    ///     kept under both, or a user is shown what another has said
    /// @param call names the call within its message: the same in each attempt, and another for each call
    /// @param answers what the user has answered to the service's own questions in this message, oldest first
    public record Asker(
            SessionId session,
            String incarnation,
            MessageId message,
            String call,
            List<String> answers) {

        public Asker {
            answers = List.copyOf(answers);
        }
    }

    public ModelCall {
        turns = List.copyOf(turns);
        tools = List.copyOf(tools);
    }

    /// A call that is for nobody in particular.
    public ModelCall(
            @Nullable String model,
            @Nullable String systemPrompt,
            List<ModelTurn> turns,
            List<ToolSpec> tools,
            @Nullable Double temperature,
            @Nullable Integer maxTokens,
            String streamed,
            @Nullable Kept kept) {
        this(model, systemPrompt, turns, tools, temperature, maxTokens, streamed, kept, null);
    }

    /// A call that says nothing but the turns, and has no earlier attempt.
    public static ModelCall of(@Nullable String model, List<ModelTurn> turns) {
        return new ModelCall(model, null, turns, List.of(), null, null, "", null);
    }

    public ModelCall withTools(List<ToolSpec> offered) {
        return new ModelCall(
                model, systemPrompt, turns, offered, temperature, maxTokens, streamed, kept, asker);
    }

    public ModelCall askedBy(Asker whom) {
        return new ModelCall(
                model, systemPrompt, turns, tools, temperature, maxTokens, streamed, kept, whom);
    }

    /// The same call with other turns.
    public ModelCall withTurns(@Nullable String system, List<ModelTurn> others) {
        return new ModelCall(
                model, system, others, tools, temperature, maxTokens, streamed, kept, asker);
    }

    /// What the user asked last; empty when nobody has.
    public String message() {
        for (ModelTurn turn : turns.reversed()) {
            if (turn instanceof ModelTurn.User(String text)) {
                return text;
            }
        }
        return "";
    }
}
