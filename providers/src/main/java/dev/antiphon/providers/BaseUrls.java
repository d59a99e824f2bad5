package dev.antiphon.providers;

/// Base URLs as the services' own tools take them, and as people copy them from the services' documents.
final class BaseUrls {

    private BaseUrls() {}

    /// The URL that the paths of the service's protocol are appended to.
    ///
    /// @param service what the names of its variables begin with
    static String normal(String service, String url) {
        String base = url.replaceFirst("/+$", "");
        return switch (service) {
            // Its own tools append nothing: where the version stands differs from server to server.
            case "OPENAI" -> without(base, "/chat/completions", "/responses");
            case "ANTHROPIC" -> versioned(without(base, "/messages"), "/v1", "/v[0-9]+");
            case "GEMINI" -> versioned(without(base, "/models"), "/v1beta", "/v[0-9]+[a-z0-9]*");
            case "OLLAMA" -> without(withScheme(base), "/api/chat", "/api", "/v1");
            default -> base;
        };
    }

    private static String without(String base, String... endings) {
        for (String ending : endings) {
            if (base.endsWith(ending)) {
                return base.substring(0, base.length() - ending.length());
            }
        }
        return base;
    }

    /// Its own tools append the version, its documents show it.
    private static String versioned(String base, String version, String anyVersion) {
        return base.matches(".*" + anyVersion) ? base : base + version;
    }

    /// `OLLAMA_HOST` is a host and port alone.
    private static String withScheme(String base) {
        return base.isEmpty() || base.contains("://") ? base : "http://" + base;
    }
}
