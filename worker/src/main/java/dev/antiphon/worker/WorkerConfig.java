package dev.antiphon.worker;

import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/// The settings of a worker, read once from the environment.
///
/// @param host the address that the status page listens on. Default 127.0.0.1, like the gateway
/// @param port of the status page (`/metrics`, `/health`), 0 for a free one. Default 0, so that several workers can run
///     on one machine
/// @param concurrency how many sessions are served at once, 1 to 100,000. Default 1,000: a run that waits for a model
///     costs a few kilobytes, and one process is measured for a thousand streams
/// @param grace how long answers can continue after SIGTERM, up to 10 min. Then other workers take them over, and
///     with most models the answer starts again. Default 25 s: most answers end in that time, and it fits into the 30
///     s of Kubernetes
/// @param defaultProvider the provider of requests that name none; null for the first that is configured
/// @param defaultModel the default provider's model for requests that name none; null for the provider's own
/// @param defaultWorkflow the workflow of requests that name none; null for the chat's
/// @param contextTokens how much of a conversation a model sees, estimated at four characters per token; 0 for nothing
///     but the message. Default 8,000: some twenty turns, far below the limit of any hosted model, and cheap
/// @param models how model services are called
/// @param tools the tools of models
/// @param extensions where extensions are
/// @param environment each model provider gets the variables that its factory reads
public record WorkerConfig(
        BackplaneSettings backplane,
        String host,
        int port,
        int concurrency,
        Duration grace,
        @Nullable String defaultProvider,
        @Nullable String defaultModel,
        @Nullable String defaultWorkflow,
        int contextTokens,
        ModelSettings models,
        ToolSettings tools,
        ExtensionSettings extensions,
        Environment environment) {

    /// How long Redis can be unavailable before a call is retried; the runs never give up because of this.
    private static final Duration REDIS_TIMEOUT = Duration.ofSeconds(10);

    private static final Duration LONGEST_GRACE = Duration.ofMinutes(10);

    private static Duration grace(Environment environment) {
        Duration grace = environment.duration(Variable.CHAT_WORKER_GRACE, Duration.ofSeconds(25));
        if (grace.compareTo(LONGEST_GRACE) > 0) {
            throw new IllegalArgumentException(Variable.CHAT_WORKER_GRACE + " must be at most 10m");
        }
        return grace;
    }

    /// Reads the worker's settings.
    ///
    /// @throws IllegalArgumentException when a variable has an invalid value
    public static WorkerConfig from(Environment environment) {
        return new WorkerConfig(
                BackplaneSettings.from(environment, REDIS_TIMEOUT),
                environment.text(Variable.SERVER_HOST, "127.0.0.1"),
                environment.number(Variable.CHAT_WORKER_PORT, 0, 0, 65_535),
                environment.number(Variable.CHAT_WORKFLOW_CONCURRENCY, 1_000, 1, 100_000),
                grace(environment),
                environment.text(Variable.CHAT_DEFAULT_PROVIDER),
                environment.text(Variable.CHAT_DEFAULT_MODEL),
                environment.text(Variable.CHAT_DEFAULT_WORKFLOW),
                environment.number(Variable.CHAT_CONTEXT_TOKENS, 8_000, 0, 10_000_000),
                ModelSettings.from(environment),
                ToolSettings.from(environment),
                ExtensionSettings.from(environment),
                environment);
    }
}
