package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall;

/// Makes requests fit for a service that refuses a parameter which most others take. What was learned from a refusal is kept
/// for as long as the process lives. Used by many threads at once.
interface RequestFitting {

    /// For services that take what they document.
    RequestFitting NONE =
            new RequestFitting() {
                @Override
                public String fit(ModelCall call, String body) {
                    return body;
                }

                @Override
                public boolean learn(ModelCall call, String refusal) {
                    return false;
                }
            };

    /// The body as it is sent.
    String fit(ModelCall call, String body);

    /// Takes what a service said when it refused a request as such.
    ///
    /// @return whether the next body for the same call is another one
    boolean learn(ModelCall call, String refusal);
}
