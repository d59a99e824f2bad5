package dev.antiphon.worker.provider;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/// Where an OpenAI-compatible server is, and the key for it.
///
/// @param apiKey null for a server that asks for none
/// @param baseUrl up to and without `/chat/completions`
public record OpenAiSettings(@Nullable String apiKey, String baseUrl) {

    private static final String OPENAI = "https://api.openai.com/v1";

    public OpenAiSettings {
        // The HTTP client would refuse such a key only at the first call, and quote it.
        if (apiKey != null && !apiKey.matches("[!-~]+")) {
            throw new IllegalArgumentException(
                    "OPENAI_API_KEY has characters that no key has, such as blanks or line breaks");
        }
        if (!isWebAddress(baseUrl)) {
            throw new IllegalArgumentException(
                    "OPENAI_BASE_URL must be an address such as "
                            + OPENAI
                            + " or http://localhost:8000/v1");
        }
    }

    /// The settings when either variable is set: a base URL alone is a server of one's own, a key alone is for OpenAI.
    ///
    /// @throws IllegalArgumentException when one of them cannot be used
    public static Optional<OpenAiSettings> of(@Nullable String apiKey, @Nullable String baseUrl) {
        return apiKey == null && baseUrl == null
                ? Optional.empty()
                : Optional.of(new OpenAiSettings(apiKey, baseUrl == null ? OPENAI : baseUrl));
    }

    /// Whether it is OpenAI itself, whose parameters and models we know.
    boolean isOpenAi() {
        return "api.openai.com".equals(URI.create(baseUrl).getHost());
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
        return "OpenAiSettings[baseUrl=" + baseUrl + "]";
    }
}
