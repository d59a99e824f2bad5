package dev.antiphon.api.model;

import java.util.EnumSet;
import java.util.Set;

/// What a provider can do. Declared once, for code, `GET /api/models` and docs/providers.md.
///
/// @param continuation how a later attempt continues an answer that an earlier one left half-streamed
/// @param features the optional abilities that the provider has
public record Capabilities(Continuation continuation, Set<Feature> features) {

    /// Abilities that only some providers have.
    public enum Feature {
        /// The provider streams the model's reasoning next to its text, for models that show their reasoning.
        REASONING,
        /// The model receives {@link ModelCall#tools}.
        TOOLS,
        /// The service counts the tokens of each answer.
        USAGE,
        /// An interrupt stops the work of the service, also before the first token.
        CANCEL,
        /// The service keeps the conversation, and each call is its next turn. A step cannot make calls for its own
        /// use, so {@link dev.antiphon.api.workflow.StepRun#think} fails.
        KEEPS_CONVERSATION
    }

    /// How a provider continues a half-streamed answer.
    public enum Continuation {
        /// The service continues without a worker, and delivers the rest of the same answer. It generates no
        /// token twice.
        REATTACH,
        /// The same call produces the same text, and the part in {@link ModelCall#streamed} without delay. The run does
        /// not write again what it has already written.
        REPLAY,
        /// The run withdraws the text with a `reset` chunk, and the call starts again.
        RESTART
    }

    public Capabilities {
        features = Set.copyOf(features);
    }

    /// Returns the capabilities of a provider that has exactly these features.
    public static Capabilities of(Continuation continuation, Feature... features) {
        Set<Feature> all = EnumSet.noneOf(Feature.class);
        all.addAll(Set.of(features));
        return new Capabilities(continuation, all);
    }

    /// Whether the provider has this feature.
    public boolean has(Feature feature) {
        return features.contains(feature);
    }
}
