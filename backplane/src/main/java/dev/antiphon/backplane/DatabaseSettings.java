package dev.antiphon.backplane;

import dev.antiphon.protocol.Environment.Variable;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;

/// The address of PostgreSQL.
///
/// @param url `jdbc:postgresql://…`
/// @param user null when the URL has it, or when there is none
/// @param timeout how long to wait for a connection
public record DatabaseSettings(
        String url, @Nullable String user, @Nullable String password, Duration timeout) {

    private static final String JDBC = "jdbc:postgresql:";

    /// Reads `DATABASE_URL`: `postgres://user:password@host:port/database`, the form of most hosting services, or the
    /// JDBC form.
    ///
    /// @throws IllegalArgumentException when it has neither form; the message does not contain the password
    public static DatabaseSettings of(String url, Duration timeout) {
        if (url.startsWith(JDBC)) {
            return new DatabaseSettings(url, null, null, timeout);
        }
        try {
            URI uri = new URI(url);
            String scheme = uri.getScheme();
            boolean known = "postgres".equals(scheme) || "postgresql".equals(scheme);
            if (known && uri.getHost() != null && uri.getPath().length() > 1) {
                return of(uri, timeout);
            }
        } catch (URISyntaxException e) {
            // reported below: the exception's own message would show the password
        }
        throw new IllegalArgumentException(
                Variable.DATABASE_URL
                        + " must be postgres://user:password@host:port/database or jdbc:postgresql://…");
    }

    private static DatabaseSettings of(URI uri, Duration timeout) {
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        String login = uri.getUserInfo();
        int colon = login == null ? -1 : login.indexOf(':');
        return new DatabaseSettings(
                JDBC + "//" + uri.getHost() + port + uri.getRawPath() + query,
                login == null || colon < 0 ? login : login.substring(0, colon),
                login == null || colon < 0 ? null : login.substring(colon + 1),
                timeout);
    }

    /// For messages to an operator; without secrets.
    public String address() {
        int query = url.indexOf('?');
        return (query < 0 ? url : url.substring(0, query)).replaceAll("//[^/@]*@", "//");
    }

    /// Without the password.
    @Override
    public String toString() {
        return address();
    }
}
