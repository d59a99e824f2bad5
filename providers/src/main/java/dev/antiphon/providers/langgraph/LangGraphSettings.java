package dev.antiphon.providers.langgraph;

import dev.antiphon.protocol.Settings;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.Set;

/// The address of a LangGraph server, and the graph that answers.
///
/// @param url without a path, or with the path that a proxy adds
/// @param apiKey null for a server without keys
/// @param assistant for requests that name none: a graph's name or an assistant's id. Default `agent`, as in the
///     server's templates
public record LangGraphSettings(String url, @Nullable String apiKey, String assistant) {

    private static final String URL = "LANGGRAPH_URL";
    private static final String API_KEY = "LANGGRAPH_API_KEY";
    private static final String ASSISTANT = "CHAT_LANGGRAPH_ASSISTANT";

    static final Set<String> VARIABLES = Set.of(URL, API_KEY, ASSISTANT);

    public static final String DEFAULT_ASSISTANT = "agent";

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

    /// The settings if there is an address.
    ///
    /// @throws IllegalArgumentException when one of them is invalid
    static Optional<LangGraphSettings> read(Settings environment) {
        return Optional.ofNullable(environment.text(URL))
                .map(url ->
                        new LangGraphSettings(
                                url,
                                environment.text(API_KEY),
                                environment.text(ASSISTANT, DEFAULT_ASSISTANT)));
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
        return "LangGraphSettings[url=" + url + ", assistant=" + assistant + "]";
    }
}
