package dev.antiphon.worker.provider;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// One call of a model.
///
/// @param model as the request or the settings name it; null for the provider's own default
/// @param turns what the model sees, oldest first
/// @param tools what the model may ask for; empty for none
/// @param streamed the text that an earlier attempt at this call has streamed and that stands; empty unless the
///     provider's continuation is REPLAY or REATTACH
/// @param kept the answer that an earlier attempt began, where the service keeps it; null unless the provider's
///     continuation is REATTACH
public record ModelCall(
        @Nullable String model,
        @Nullable String systemPrompt,
        List<ModelTurn> turns,
        List<ToolSpec> tools,
        @Nullable Double temperature,
        @Nullable Integer maxTokens,
        String streamed,
        @Nullable Kept kept) {

    /// An answer that goes on at the service without us.
    ///
    /// @param handle what the provider said with {@link TokenSink#kept}
    /// @param reasoning what has been streamed of it, as {@link ModelCall#streamed} of the text
    public record Kept(String handle, String reasoning) {}

    public ModelCall {
        turns = List.copyOf(turns);
        tools = List.copyOf(tools);
    }

    /// A call that says nothing but the turns, and has no earlier attempt.
    public static ModelCall of(@Nullable String model, List<ModelTurn> turns) {
        return new ModelCall(model, null, turns, List.of(), null, null, "", null);
    }

    public ModelCall withTools(List<ToolSpec> offered) {
        return new ModelCall(
                model, systemPrompt, turns, offered, temperature, maxTokens, streamed, kept);
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
