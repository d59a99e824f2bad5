package dev.antiphon.worker;

import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/// How a worker runs, read once from the environment.
///
/// @param host the address that the status page listens on. Default 127.0.0.1, as the gateway's
/// @param port of the status page (`/metrics`, `/health`), 0 for a free one. Default 0: several workers of one machine
///     must not get into each other's way
/// @param concurrency sessions worked on at once, 1 to 100,000. Default 1,000: a run that waits for a model costs a few
///     kilobytes, and a thousand streams are what one process is measured for
/// @param grace how long answers may go on after SIGTERM, up to 10 min; then they are handed over, which costs an answer
///     of most models a new beginning. Default 25 s: most answers end in it, and it fits into the 30 s that Kubernetes
///     gives
/// @param defaultProvider the provider of requests that name none; null for the first that is configured
/// @param defaultModel the default provider's model for requests that name none; null for the provider's own
/// @param defaultWorkflow the workflow of requests that name none; null for the chat's
/// @param contextTokens what a model is shown of a conversation, estimated at four characters a token; 0 shows it nothing
///     but the message. Default 8,000: some twenty turns, far below what any hosted model reads, and cheap
/// @param models how model services are called
/// @param tools what models may have done
/// @param extensions where code of others is
/// @param environment each model provider is given the variables that its factory reads
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

    /// Redis may be away for this long before a call is tried anew; nothing is given up, see the runs.
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
    /// @throws IllegalArgumentException when a variable has a value that is not allowed
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
