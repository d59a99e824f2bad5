package dev.antiphon.providers;

import dev.antiphon.api.model.ForwardingProvider;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.RetrySink;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.time.Time;

import java.time.Duration;
import java.util.Optional;

/// Retries the calls of another provider that failed temporarily before any piece of the answer. What the user has seen
/// is never requested again.
public final class RetryingProvider extends ForwardingProvider {

    /// Users do not wait longer for an empty answer. If a service asks for a longer wait, the call fails instead.
    private static final Duration MAX_WAIT = Duration.ofSeconds(30);

    private static final int MAX_DOUBLINGS = 6;

    private final int retries;
    private final Duration delay;
    private final Time time;

    /// Wraps a provider.
    ///
    /// @param retries after the first try; zero for none
    /// @param delay before the first retry, longer than zero, and doubled for each further retry. It is varied at
    ///     random, so that calls that failed together do not return together, and added to the wait that the service
    ///     asks for
    public RetryingProvider(ModelProvider provider, int retries, Duration delay, Time time) {
        super(provider);
        this.retries = retries;
        this.delay = delay;
        this.time = time;
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        for (int retry = 0; ; retry++) {
            try {
                return provider.stream(call, sink);
            } catch (ProviderFailure e) {
                Optional<Duration> wait = retry < retries ? wait(e, retry) : Optional.empty();
                if (wait.isEmpty()) {
                    throw e;
                }
                if (sink instanceof RetrySink run) {
                    run.retrying(e.getMessage(), wait.get());
                }
                time.sleep(wait.get().toNanos());
            }
        }
    }

    private Optional<Duration> wait(ProviderFailure failure, int retry) {
        Duration backoff = time.about(delay.multipliedBy(1L << Math.min(retry, MAX_DOUBLINGS)));
        return failure.retryAfter()
                .filter(asked -> asked.compareTo(MAX_WAIT) <= 0)
                .map(backoff::plus);
    }
}
