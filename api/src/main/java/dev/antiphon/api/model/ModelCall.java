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
/// @param systemPrompt the instructions of the request; null for none
/// @param turns what the model sees, oldest first
/// @param tools the tools that the model can call; empty for none
/// @param temperature as the request says; null for the service's own default
/// @param maxTokens longest answer, in tokens; null for the service's own default
/// @param streamed the text that an earlier attempt at this call has streamed and that remains in the answer; empty
///     unless the provider's continuation is REPLAY or REATTACH
/// @param kept the answer that an earlier attempt began and the service keeps; null unless the provider's continuation
///     is REATTACH
/// @param asker the session and message that the call belongs to; null when they do not matter
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

    /// An answer that the service continues without a worker.
    ///
    /// @param handle what the provider passed to {@link TokenSink#kept}
    /// @param reasoning the reasoning that has been streamed, just as {@link ModelCall#streamed} is the text
    /// @param toolCalls the arguments that have been streamed, by the id of the tool call
    /// @param toolResults the ids of the tool calls that the service ran itself and whose results have been streamed
    public record Kept(
            String handle,
            String reasoning,
            Map<String, String> toolCalls,
            Set<String> toolResults) {

        public Kept {
            toolCalls = Map.copyOf(toolCalls);
            toolResults = Set.copyOf(toolResults);
        }

        /// A kept answer without tool calls.
        public Kept(String handle, String reasoning) {
            this(handle, reasoning, Map.of(), Set.of());
        }
    }

    /// The session and message of a call, for services that remember conversations.
    ///
    /// @param session the session
    /// @param incarnation changes when the session's name gets another owner. A provider must store data of a session
    ///     under both the name and the incarnation; otherwise a user can see the conversation of another
    /// @param message the message that the call helps to answer
    /// @param call the name of the call within its message: the same in each attempt, different for each call
    /// @param answers the user's answers to the service's own questions in this message, oldest first
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

    /// A call without an asker.
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

    /// A call with only these turns, and without an earlier attempt.
    public static ModelCall of(@Nullable String model, List<ModelTurn> turns) {
        return new ModelCall(model, null, turns, List.of(), null, null, "", null);
    }

    /// Returns the same call with these tools.
    public ModelCall withTools(List<ToolSpec> offered) {
        return new ModelCall(
                model, systemPrompt, turns, offered, temperature, maxTokens, streamed, kept, asker);
    }

    /// Returns the same call with this asker.
    public ModelCall askedBy(Asker whom) {
        return new ModelCall(
                model, systemPrompt, turns, tools, temperature, maxTokens, streamed, kept, whom);
    }

    /// Returns the same call with another system prompt and other turns.
    public ModelCall withTurns(@Nullable String system, List<ModelTurn> others) {
        return new ModelCall(
                model, system, others, tools, temperature, maxTokens, streamed, kept, asker);
    }

    /// The user's last message; empty when there is none.
    public String message() {
        for (ModelTurn turn : turns.reversed()) {
            if (turn instanceof ModelTurn.User(String text)) {
                return text;
            }
        }
        return "";
    }
}
