package dev.antiphon.api.model;

import java.util.EnumSet;
import java.util.Set;

/// What a provider can do, said once for code, `GET /api/models` and docs/providers.md.
///
/// @param continuation how a call that another attempt left half-streamed is continued
public record Capabilities(Continuation continuation, Set<Feature> features) {

    /// What only some providers can do.
    public enum Feature {
        /// The model's reasoning is streamed beside its text, where a model shows it.
        REASONING,
        /// {@link ModelCall#tools} reach the model.
        TOOLS,
        /// The service counts its tokens.
        USAGE,
        /// An interrupt reaches the service, before the first token too.
        CANCEL,
        /// Each call is the next turn of a conversation that the service keeps, so that no call can be for a step's own use.
        KEEPS_CONVERSATION
    }

    /// What a provider can do with a half-streamed answer.
    public enum Continuation {
        /// The service goes on without us and gives the rest of the same answer: no token is generated twice.
        REATTACH,
        /// The same call gives the same text, at once as far as it is {@link ModelCall#streamed}: the run does not write
        /// twice what stands.
        REPLAY,
        /// The text is withdrawn by a `reset` chunk and the call begins again.
        RESTART
    }

    public Capabilities {
        features = Set.copyOf(features);
    }

    /// A provider with these features.
    public static Capabilities of(Continuation continuation, Feature... features) {
        Set<Feature> all = EnumSet.noneOf(Feature.class);
        all.addAll(Set.of(features));
        return new Capabilities(continuation, all);
    }

    public boolean has(Feature feature) {
        return features.contains(feature);
    }
}
