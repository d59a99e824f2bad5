package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.testkit.CollectingSink;
import dev.antiphon.time.Time;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// When calls to a provider are refused, and when it is tried again.
final class GuardedProviderTest {

    private final ProviderFailure down =
            ProviderFailure.passing(ErrorCode.PROVIDER_FAILED, "It is down.", Duration.ZERO);

    private final Service service = new Service();
    private final CollectingSink sink = new CollectingSink();

    /// A model service, of which only the failures matter.
    private static final class Service implements ModelProvider {

        final AtomicInteger asked = new AtomicInteger();
        volatile @Nullable ProviderFailure failure;
        volatile boolean interrupts;

        @Override
        public String name() {
            return "service";
        }

        @Override
        public List<String> models() {
            return List.of("m");
        }

        @Override
        public Capabilities capabilities() {
            return Capabilities.of(Continuation.RESTART, Feature.USAGE, Feature.CANCEL);
        }

        @Override
        public boolean joinsPieces() {
            return true;
        }

        @Override
        public ModelAnswer stream(ModelCall call, TokenSink sink)
                throws ProviderFailure, InterruptedException {
            asked.incrementAndGet();
            if (interrupts) {
                throw new InterruptedException("cancelled");
            }
            ProviderFailure fails = failure;
            if (fails != null) {
                throw fails;
            }
            return new ModelAnswer(
                    "",
                    new ModelTurn.Assistant("a"),
                    new Completion("m", 1, Completion.FinishReason.STOP));
        }
    }

    private GuardedProvider guarded(Duration pause) {
        return new GuardedProvider(service, pause, Time.system());
    }

    private static ModelCall of(String model) {
        return ModelCall.of(model, List.of(new ModelTurn.User("hi")));
    }

    private ErrorCode failure(ModelProvider provider, String model) {
        return catchThrowableOfType(ProviderFailure.class, () -> provider.stream(of(model), sink))
                .code();
    }

    private void fail(ModelProvider provider, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(failure(provider, "m")).isEqualTo(ErrorCode.PROVIDER_FAILED);
        }
    }

    @Test
    void aModelThatKeepsFailingIsNotCalledAndOtherModelsAre() throws Exception {
        service.failure = down;
        GuardedProvider provider = guarded(Duration.ofMinutes(1));

        fail(provider, GuardedProvider.LEAST);

        ProviderFailure refused =
                catchThrowableOfType(ProviderFailure.class, () -> provider.stream(of("m"), sink));
        assertThat(refused.code()).isEqualTo(ErrorCode.PROVIDER_UNAVAILABLE);
        assertThat(refused.getMessage())
                .isEqualTo(
                        "The provider 'service' keeps failing and is paused; try again in 60 s.");
        assertThat(refused.retryAfter()).isEmpty();
        assertThat(service.asked).hasValue(GuardedProvider.LEAST);
        service.failure = null;
        assertThat(provider.stream(of("other"), sink).turn().text()).isEqualTo("a");
    }

    @Test
    void aFailingModelIsTriedAgainAfterThePause() {
        service.failure = down;
        GuardedProvider provider = guarded(Duration.ofMillis(50));
        fail(provider, GuardedProvider.LEAST);

        service.failure = null;

        await().ignoreExceptions().until(() -> provider.stream(of("m"), sink) != null);
        await().ignoreExceptions().until(() -> provider.stream(of("m"), sink) != null);
        service.failure = down;
        fail(provider, GuardedProvider.LEAST - 1);
    }

    @Test
    void refusalsAndCancelledCallsDoNotCount() {
        GuardedProvider provider = guarded(Duration.ofMinutes(1));
        service.failure = new ProviderFailure(ErrorCode.PROVIDER_FAILED, "No such model.", null);
        fail(provider, 3 * GuardedProvider.LEAST);
        service.interrupts = true;

        for (int i = 0; i < 3 * GuardedProvider.LEAST; i++) {
            assertThatThrownBy(() -> provider.stream(of("m"), sink))
                    .isInstanceOf(InterruptedException.class);
        }

        assertThat(service.asked).hasValue(6 * GuardedProvider.LEAST);
    }

    @Test
    void silenceCounts() {
        service.failure = new ProviderFailure(ErrorCode.PROVIDER_TIMEOUT, "Silent.", null);
        GuardedProvider provider = guarded(Duration.ofMinutes(1));
        for (int i = 0; i < GuardedProvider.LEAST; i++) {
            assertThat(failure(provider, "m")).isEqualTo(ErrorCode.PROVIDER_TIMEOUT);
        }

        assertThat(failure(provider, "m")).isEqualTo(ErrorCode.PROVIDER_UNAVAILABLE);
    }

    @Test
    void anyNumberOfModelsCanBeNamed() throws Exception {
        GuardedProvider provider = guarded(Duration.ofMinutes(1));

        for (int i = 0; i < GuardedProvider.MAX_BREAKERS + 10; i++) {
            var _ = provider.stream(of("model-" + i), sink);
        }

        assertThat(provider.breakers()).isEqualTo(GuardedProvider.MAX_BREAKERS);
    }
}
