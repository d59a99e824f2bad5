package dev.antiphon.providers;

import dev.antiphon.api.model.ForwardingProvider;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.time.Time;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A circuit breaker around another provider. When most calls fail, it refuses calls for a while, and then lets a few
/// through as a test. Each model has its own breaker, because a service can lose a single model.
///
/// A call counts as failed if the service was unreachable, overloaded, failing or silent; not if it refused a request
/// or a key.
public final class GuardedProvider extends ForwardingProvider {

    private static final Logger LOG = LoggerFactory.getLogger(GuardedProvider.class);

    /// Users can name any model. Beyond this many, the least recently used model is forgotten, with its failures.
    static final int MAX_BREAKERS = 256;

    /// The number of last calls that count, and the number needed for a decision.
    private static final int WINDOW = 20;

    static final int LEAST = 10;

    private static final int PROBES = 2;

    private final Duration pause;
    private final CircuitBreakerConfig config;

    /// Guards the map, which is in order of use.
    private final Map<String, CircuitBreaker> breakers = new LinkedHashMap<>(16, 0.75f, true);

    /// Wraps a provider.
    ///
    /// @param pause how long calls are refused; longer than zero
    public GuardedProvider(ModelProvider provider, Duration pause, Time time) {
        super(provider);
        this.pause = pause;
        this.config =
                CircuitBreakerConfig.custom()
                        .slidingWindow(WINDOW, LEAST, SlidingWindowType.COUNT_BASED)
                        .failureRateThreshold(50)
                        .waitDurationInOpenState(pause)
                        .permittedNumberOfCallsInHalfOpenState(PROBES)
                        .clock(java.time.Clock.systemUTC())
                        .currentTimestampFunction(_ -> time.nanoTime(), TimeUnit.NANOSECONDS)
                        .build();
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        CircuitBreaker breaker = breaker(call.model() == null ? "" : call.model());
        if (!breaker.tryAcquirePermission()) {
            throw new ProviderFailure(
                    ErrorCode.PROVIDER_UNAVAILABLE,
                    "The provider '"
                            + name()
                            + "' keeps failing and is paused; try again in "
                            + Math.max(1, pause.toSeconds())
                            + " s.",
                    null);
        }
        boolean told = false;
        try {
            ModelAnswer answer = provider.stream(call, sink);
            breaker.onSuccess(0, TimeUnit.NANOSECONDS);
            told = true;
            return answer;
        } catch (ProviderFailure e) {
            if (isTheServicesFault(e)) {
                breaker.onError(0, TimeUnit.NANOSECONDS, e);
            } else {
                breaker.onSuccess(0, TimeUnit.NANOSECONDS);
            }
            told = true;
            throw e;
        } finally {
            if (!told) { // cancelled, or the log failed: the service is not responsible
                breaker.releasePermission();
            }
        }
    }

    private static boolean isTheServicesFault(ProviderFailure failure) {
        return failure.retryAfter().isPresent() || failure.code() == ErrorCode.PROVIDER_TIMEOUT;
    }

    private CircuitBreaker breaker(String model) {
        synchronized (breakers) {
            CircuitBreaker breaker = breakers.computeIfAbsent(model, this::make);
            if (breakers.size() > MAX_BREAKERS) {
                breakers.remove(breakers.keySet().iterator().next());
            }
            return breaker;
        }
    }

    private CircuitBreaker make(String model) {
        CircuitBreaker breaker = CircuitBreaker.of(name() + "/" + model, config);
        breaker.getEventPublisher()
                .onStateTransition(event ->
                        LOG.atWarn()
                                .addKeyValue("provider", name())
                                .addKeyValue("model", model)
                                .addKeyValue("to", event.getStateTransition().getToState())
                                .log("circuit breaker of a model changed its state"));
        return breaker;
    }

    /// The number of models with a breaker.
    int breakers() {
        synchronized (breakers) {
            return breakers.size();
        }
    }
}
