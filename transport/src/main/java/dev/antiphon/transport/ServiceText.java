package dev.antiphon.transport;

import dev.antiphon.api.model.ModelTransport.Request;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// What a service wrote about an error, as an operator may read it in the log.
final class ServiceText {

    /// Enough for the sentence that says what is wrong; some services repeat the whole prompt behind it.
    private static final int MAX = 400;

    /// What is shorter is no secret, such as the `none` of a server without keys, and stands in any text.
    private static final int SHORTEST_KEY = 8;

    /// How the keys of the known services begin.
    private static final Pattern KEY =
            Pattern.compile("\\b(sk|xai|gsk|hf|AIza|lsv2)[-_A-Za-z0-9*.]{6,}");

    private ServiceText() {}

    /// One line, without the key that the request was sent with and what looks like one.
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
