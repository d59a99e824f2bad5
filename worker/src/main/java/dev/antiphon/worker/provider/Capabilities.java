package dev.antiphon.worker.provider;

/// What a provider can do, said once for code, `GET /api/models` and docs/providers.md.
///
/// @param reasoning whether the model's reasoning is streamed beside its text, where a model shows it
/// @param tools whether {@link ModelCall#tools} reach the model
/// @param usage whether the service counts its tokens
/// @param cancel whether an interrupt reaches the service, before the first token too
/// @param continuation how a call that another attempt left half-streamed is continued
/// @param keepsConversation whether each call is the next turn of a conversation that the service keeps, so that none can
///     be for a step's own use
public record Capabilities(
        boolean reasoning,
        boolean tools,
        boolean usage,
        boolean cancel,
        Continuation continuation,
        boolean keepsConversation) {

    /// Of a service that knows only what a call tells it.
    public Capabilities(
            boolean reasoning,
            boolean tools,
            boolean usage,
            boolean cancel,
            Continuation continuation) {
        this(reasoning, tools, usage, cancel, continuation, false);
    }

    /// What a provider can do with a half-streamed answer.
    public enum Continuation {
        /// The service goes on without us and gives the rest of the same answer: no token is generated twice.
        REATTACH,
        /// The same call gives the same text, in no time as far as it is {@link ModelCall#streamed}: the run does not
        /// write twice what stands.
        REPLAY,
        /// The text is withdrawn by a `reset` chunk and the call begins anew.
        RESTART
    }
}
