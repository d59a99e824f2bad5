package dev.antiphon.worker.provider.langgraph;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/// Where a LangGraph server is, and which of its graphs answers.
///
/// @param url without a path, or with the one that a proxy adds
/// @param apiKey null for a server that asks for none
/// @param assistant of requests that name none: a graph's name or an assistant's id. Default `agent`, as the server's
///     templates name theirs
public record LangGraphSettings(String url, @Nullable String apiKey, String assistant) {

    static final String DEFAULT_ASSISTANT = "agent";

    public LangGraphSettings {
        // The HTTP client would refuse such a key only at the first call, and quote it.
        if (apiKey != null && !apiKey.matches("[!-~]+")) {
            throw new IllegalArgumentException(
                    "LANGGRAPH_API_KEY has characters that no key has, such as blanks or line breaks");
        }
        if (!isWebAddress(url)) {
            throw new IllegalArgumentException(
                    "LANGGRAPH_URL must be an address such as http://localhost:2024");
        }
        url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }

    /// The settings when there is an address.
    ///
    /// @throws IllegalArgumentException when one of them cannot be used
    public static Optional<LangGraphSettings> of(
            @Nullable String url, @Nullable String apiKey, @Nullable String assistant) {
        return url == null
                ? Optional.empty()
                : Optional.of(
                        new LangGraphSettings(
                                url, apiKey, assistant == null ? DEFAULT_ASSISTANT : assistant));
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
        return "LangGraphSettings[url=" + url + ", assistant=" + assistant + "]";
    }
}
