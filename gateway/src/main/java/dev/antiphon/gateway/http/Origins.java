package dev.antiphon.gateway.http;

import org.jspecify.annotations.Nullable;

import java.util.Set;
import java.util.regex.Pattern;

/// The other web origins that may call us (WHATWG Fetch §3.2). None by default. No cookie is ever read, so no answer
/// allows credentials.
///
/// @param allowed as browsers write them, for example `https://chat.example:8443`
public record Origins(Set<String> allowed) {

    private static final Pattern ORIGIN =
            Pattern.compile(
                    "https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\\[[0-9a-f:.]+](:[0-9]{1,5})?");

    static final String HEADERS = "Content-Type, Authorization, Last-Event-ID, Idempotency-Key";

    /// The headers that scripts may read besides the safe-listed ones.
    static final String EXPOSED = "Retry-After";

    /// How long a browser remembers a preflight: ten minutes, so that a changed list is soon followed.
    static final String MAX_AGE_SECONDS = "600";

    /// Takes a list of origins.
    ///
    /// @throws IllegalArgumentException for text that is not an origin, with one line that shows an example
    public Origins {
        allowed = Set.copyOf(allowed);
        for (String origin : allowed) {
            if (!ORIGIN.matcher(origin).matches()) {
                throw new IllegalArgumentException(
                        "CHAT_ALLOWED_ORIGINS takes origins such as https://chat.example:8443, but has '"
                                + origin
                                + "'");
            }
        }
    }

    boolean allows(@Nullable String origin) {
        return origin != null && allowed.contains(origin);
    }
}
