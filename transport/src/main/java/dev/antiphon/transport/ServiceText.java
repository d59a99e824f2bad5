package dev.antiphon.transport;

import dev.antiphon.api.model.ModelTransport.Request;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// The text of a service about an error, safe for the log.
final class ServiceText {

    /// Long enough for the sentence that names the error; some services repeat the whole prompt after it.
    private static final int MAX = 400;

    /// A shorter value is not a secret but, for example, the `none` of a server without keys, and occurs in any text.
    private static final int SHORTEST_KEY = 8;

    /// The beginnings of the known services' keys.
    private static final Pattern KEY =
            Pattern.compile("\\b(sk|xai|gsk|hf|AIza|lsv2)[-_A-Za-z0-9*.]{6,}");

    private ServiceText() {}

    /// One line, without the key of the request and without text that looks like a key.
    static String forLog(String text, Request request) {
        String line = text.strip().replaceAll("[\\s\\p{Cntrl}]+", " ");
        for (Map.Entry<String, String> header : request.headers().entrySet()) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (name.equals("authorization") || name.endsWith("key")) {
                String value = header.getValue();
                String key = value.substring(value.indexOf(' ') + 1);
                line = key.length() < SHORTEST_KEY ? line : line.replace(key, "***");
            }
        }
        line = KEY.matcher(line).replaceAll("***");
        return line.length() <= MAX ? line : line.substring(0, MAX) + "…";
    }
}
