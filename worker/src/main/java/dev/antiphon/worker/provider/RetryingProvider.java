package dev.antiphon.worker.provider;

import dev.antiphon.worker.time.Time;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Repeats the calls of another provider that failed in a way that may pass, before any piece of the answer. What the
/// user has seen is never asked for twice.
public final class RetryingProvider implements ModelProvider {

    /// Nobody watches an empty answer for longer; a service that asks for more is told to the user instead.
    private static final Duration MAX_WAIT = Duration.ofSeconds(30);

    private static final int MAX_DOUBLINGS = 6;

    private final ModelProvider provider;
    private final int retries;
    private final Duration delay;
    private final Time time;

    /// Wraps a provider.
    ///
    /// @param retries after the first try; zero for none
    /// @param delay before the first retry, longer than zero, and doubled for each further one. It is varied at random, so
    ///     that the calls which failed together do not come back together, and added to what the service asks for
    public RetryingProvider(ModelProvider provider, int retries, Duration delay, Time time) {
        this.provider = provider;
        this.retries = retries;
        this.delay = delay;
        this.time = time;
    }

    @Override
    public String name() {
        return provider.name();
    }

    @Override
    public List<String> models() {
        return provider.models();
    }

    @Override
    public Capabilities capabilities() {
        return provider.capabilities();
    }

    @Override
    public boolean joinsPieces() {
        return provider.joinsPieces();
    }

    @Override
    public boolean cleanUp(Leftover left) throws InterruptedException {
        return provider.cleanUp(left);
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
                sink.retrying(e.getMessage(), wait.get());
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
