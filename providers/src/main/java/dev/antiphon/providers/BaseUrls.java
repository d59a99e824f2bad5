package dev.antiphon.providers;

/// Base URLs in the forms that the services' own tools accept and that people copy from the services' documents.
final class BaseUrls {

    private BaseUrls() {}

    /// The URL to which the paths of the service's protocol are appended.
    ///
    /// @param service the beginning of the names of its variables
    static String normal(String service, String url) {
        String base = url.replaceFirst("/+$", "");
        return switch (service) {
            // OpenAI's own tools append nothing, because the position of the version differs
            // between servers.
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

    /// The service's own tools append the version; its documents show it.
    private static String versioned(String base, String version, String anyVersion) {
        return base.matches(".*" + anyVersion) ? base : base + version;
    }

    /// `OLLAMA_HOST` is only a host and a port.
    private static String withScheme(String base) {
        return base.isEmpty() || base.contains("://") ? base : "http://" + base;
    }
}
