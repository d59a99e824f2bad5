package dev.antiphon.providers;

import dev.antiphon.protocol.Settings;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The address of a model service, its key, and the models that are offered from it.
///
/// @param apiKey null for a service without keys
/// @param baseUrl the URL to which the paths of the service's protocol are appended, such
///     as `https://api.openai.com/v1`
/// @param models the first is the default; empty for the provider's own choice
/// @param reasoning whether to request the model's reasoning, for services that must be asked; models without any
///     then refuse
/// @param thinkTags whether to remove reasoning that a model writes into its text, between `<think>` and `</think>` at
///     the beginning
/// @param chat what a Chat Completions server supports
public record ServiceSettings(
        @Nullable String apiKey,
        String baseUrl,
        List<String> models,
        boolean reasoning,
        boolean thinkTags,
        Chat chat) {

    /// The differences between servers of Chat Completions.
    ///
    /// @param tokenLimit the name of the answer's token limit; null for the usual one at the address
    /// @param streamOptions whether to request token counts
    public record Chat(@Nullable ChatTokenLimit tokenLimit, boolean streamOptions) {

        public static final Chat USUAL = new Chat(null, true);
    }

    public ServiceSettings {
        models = List.copyOf(models);
    }

    /// Settings of a service without special needs.
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

    /// Reads the settings of one service: `{NAME}_API_KEY`, `{NAME}_BASE_URL`, `CHAT_{NAME}_MODELS`, and those of all
    /// services. A base URL alone stands for a private server, a key alone for the service itself.
    ///
    /// @param name in capital letters, such as `OPENAI`
    /// @param ownBaseUrl the address of the service itself
    /// @return empty when neither a key nor an address is set
    /// @throws IllegalArgumentException when one of them is invalid
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

    /// The variables that {@link #read} reads for one service.
    static Set<String> variables(String name) {
        return Set.of(
                name + "_API_KEY",
                name + "_BASE_URL",
                "CHAT_" + name + "_MODELS",
                "CHAT_MODEL_REASONING",
                "CHAT_MODEL_THINK_TAGS");
    }

    /// Checks the settings.
    ///
    /// @param variables the beginning of the variables' names, such as `OPENAI`
    /// @throws IllegalArgumentException when one of them is invalid
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

    /// The models, or these when the settings name none.
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

    /// Leaves out the key.
    @Override
    public String toString() {
        return "ServiceSettings[baseUrl=" + baseUrl + ", models=" + models + "]";
    }
}
