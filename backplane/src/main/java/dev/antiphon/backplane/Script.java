package dev.antiphon.backplane;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A Lua script of this module, loaded from the package of the class that uses it.
///
/// @param sha1 the script's name in Redis, 40 hex digits
public record Script(String name, String text, String sha1) {

    /// Joins the named resources into one script, after the values of {@link Policy}: Redis has no include.
    ///
    /// @param neighbour the class whose package holds the resources
    public static Script load(Class<?> neighbour, String... resources) {
        StringBuilder text = new StringBuilder(Policy.lua());
        for (String resource : resources) {
            text.append(read(neighbour, resource)).append('\n');
        }
        String whole = text.toString();
        return new Script(resources[resources.length - 1], whole, sha1(whole));
    }

    private static String read(Class<?> neighbour, String resource) {
        try (InputStream in = neighbour.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(
                        "no resource " + resource + " next to " + neighbour.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha1(String text) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-1", e);
        }
    }
}
