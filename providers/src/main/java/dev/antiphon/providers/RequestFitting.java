package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall;

/// Adapts requests to a service that refuses a parameter which most others accept. What it learns from a refusal is
/// kept until the process ends. Thread-safe.
interface RequestFitting {

    /// For services that accept what they document.
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

    /// Returns the body as it is sent.
    String fit(ModelCall call, String body);

    /// Records the words with which a service refused a request.
    ///
    /// @return whether the next body for the same call is different
    boolean learn(ModelCall call, String refusal);
}
