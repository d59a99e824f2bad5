package dev.antiphon.providers;

import dev.antiphon.protocol.Settings;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Where a model service is, the key for it and the models that are offered of it.
///
/// @param apiKey null for a service that asks for none
/// @param baseUrl what the paths of the service's protocol are appended to, such as `https://api.openai.com/v1`
/// @param models the first is the default; empty for the provider's own choice
/// @param reasoning whether to ask for the model's reasoning, where a service must be asked; models without any then refuse
/// @param thinkTags whether reasoning that a model writes into its text, between `<think>` and `</think>` at the beginning, is
///     taken out of it
/// @param chat what a server of Chat Completions takes
public record ServiceSettings(
        @Nullable String apiKey,
        String baseUrl,
        List<String> models,
        boolean reasoning,
        boolean thinkTags,
        Chat chat) {

    /// What servers of Chat Completions disagree on.
    ///
    /// @param tokenLimit how an answer is bounded; null for what is usual at the address
    /// @param streamOptions whether the tokens of an answer are asked for
    public record Chat(@Nullable ChatTokenLimit tokenLimit, boolean streamOptions) {

        public static final Chat USUAL = new Chat(null, true);
    }

    public ServiceSettings {
        models = List.copyOf(models);
    }

    /// Settings of a service that does everything as usual.
    public ServiceSettings(
            @Nullable String apiKey, String baseUrl, List<String> models, boolean reasoning) {
        this(apiKey, baseUrl, models, reasoning, false, Chat.USUAL);
    }

    public ServiceSettings withThinkTags(boolean separate) {
        return new ServiceSettings(apiKey, baseUrl, models, reasoning, separate, chat);
    }

    public ServiceSettings withChat(Chat other) {
        return new ServiceSettings(apiKey, baseUrl, models, reasoning, thinkTags, other);
    }

    /// Reads the settings of one service: `{NAME}_API_KEY`, `{NAME}_BASE_URL`, `CHAT_{NAME}_MODELS`, and those of all services.
    /// A base URL alone is a server of one's own, a key alone is for the service itself.
    ///
    /// @param name in capital letters, such as `OPENAI`
    /// @param ownBaseUrl the address of the service itself
    /// @return empty when neither key nor address is set
    /// @throws IllegalArgumentException when one of them cannot be used
    static Optional<ServiceSettings> read(Settings environment, String name, String ownBaseUrl) {
        String apiKey = environment.text(name + "_API_KEY");
        String baseUrl = environment.text(name + "_BASE_URL");
        if (apiKey == null && baseUrl == null) {
            return Optional.empty();
        }
        ServiceSettings settings =
                of(
                        name,
                        apiKey,
                        baseUrl == null ? ownBaseUrl : baseUrl,
                        environment.list("CHAT_" + name + "_MODELS"),
                        environment.flag("CHAT_MODEL_REASONING", false));
        return Optional.of(
                settings.withThinkTags(environment.flag("CHAT_MODEL_THINK_TAGS", false)));
    }

    /// The variables that {@link #read} reads of one service.
    static Set<String> variables(String name) {
        return Set.of(
                name + "_API_KEY",
                name + "_BASE_URL",
                "CHAT_" + name + "_MODELS",
                "CHAT_MODEL_REASONING",
                "CHAT_MODEL_THINK_TAGS");
    }

    /// The checked settings.
    ///
    /// @param variables what the names of the environment's variables begin with, such as `OPENAI`
    /// @throws IllegalArgumentException when one of them cannot be used
    public static ServiceSettings of(
            String variables,
            @Nullable String apiKey,
            String baseUrl,
            List<String> models,
            boolean reasoning) {
        // The HTTP client would refuse such a key only at the first call, and quote it.
        if (apiKey != null && !apiKey.matches("[!-~]+")) {
            throw new IllegalArgumentException(
                    variables
                            + "_API_KEY has characters that no key has, such as blanks or line breaks");
        }
        String address = BaseUrls.normal(variables, baseUrl);
        if (!isWebAddress(address)) {
            throw new IllegalArgumentException(
                    variables
                            + "_BASE_URL must be an address such as https://api.openai.com/v1 or"
                            + " http://localhost:8000/v1");
        }
        return new ServiceSettings(apiKey, address, models, reasoning);
    }

    /// Whether the service is at this host.
    boolean isAt(String host) {
        return host.equals(URI.create(baseUrl).getHost());
    }

    /// The models, or these when none are named.
    List<String> modelsOr(String... own) {
        return models.isEmpty() ? List.of(own) : models;
    }

    private static boolean isWebAddress(String text) {
        try {
            URI uri = new URI(text);
            String scheme = uri.getScheme();
            return ("http".equals(scheme) || "https".equals(scheme)) && uri.getHost() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    /// Without the key.
    @Override
    public String toString() {
        return "ServiceSettings[baseUrl=" + baseUrl + ", models=" + models + "]";
    }
}
