package dev.antiphon.worker;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import java.time.Duration;

/// The time limits and retries of calls to model services. The providers' factories decide which services there are.
///
/// @param limits of each call. Default: connect 5 s, because a service that takes longer is down; first token 30 s,
///     which a loaded model with a long prompt needs (models that think in silence need more); idle 20 s, far above any
///     pause between two tokens; total 5 min, the longest answers that occur
/// @param retries of a call that failed before its first piece, 0 to 100. Default 4: with the doubling delay about
///     eight seconds, as long as a person waits
/// @param retryDelay before the first retry. Default 500 ms, after which most rate limits accept calls again
/// @param pause how long a failing model is not called. Default 15 s: overloaded services recover in seconds, and no
///     user waits longer than that
public record ModelSettings(CallLimits limits, int retries, Duration retryDelay, Duration pause) {

    private static final Duration LONGEST = Duration.ofDays(1);

    static ModelSettings from(Environment environment) {
        return new ModelSettings(
                new CallLimits(
                        positive(environment, Variable.CHAT_MODEL_CONNECT_TIMEOUT, 5_000),
                        positive(environment, Variable.CHAT_MODEL_FIRST_TOKEN_TIMEOUT, 30_000),
                        positive(environment, Variable.CHAT_MODEL_IDLE_TIMEOUT, 20_000),
                        positive(environment, Variable.CHAT_MODEL_TOTAL_TIMEOUT, 300_000)),
                environment.number(Variable.CHAT_MODEL_RETRIES, 4, 0, 100),
                positive(environment, Variable.CHAT_MODEL_RETRY_DELAY, 500),
                positive(environment, Variable.CHAT_MODEL_REST, 15_000));
    }

    private static Duration positive(Environment environment, Variable variable, int ifUnsetMs) {
        Duration duration = environment.duration(variable, Duration.ofMillis(ifUnsetMs));
        if (!duration.isPositive() || duration.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    variable + " must be longer than zero and at most 24h");
        }
        return duration;
    }
}
