package dev.antiphon.gateway.http;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Finds the endpoint for a method and a path. A path is matched as it arrived, undecoded: no path of ours needs an
/// escaped character, so two spellings never mean the same.
///
/// @param <E> what a route leads to
final class Router<E> {

    /// The result of a look-up.
    sealed interface Match<E> {

        /// The route exists.
        ///
        /// @param parameters the parts of the path at each `{name}` of the route
        record Found<E>(E endpoint, Map<String, String> parameters) implements Match<E> {
            public Found {
                parameters = Map.copyOf(parameters);
            }
        }

        /// The path exists, and takes these methods.
        record WrongMethod<E>(Set<String> allowed) implements Match<E> {}

        /// There is no such path.
        record None<E>() implements Match<E> {}
    }

    private record Route<E>(List<String> segments, Map<String, E> endpoints) {}

    private final Map<String, Route<E>> routes = new LinkedHashMap<>();

    /// Adds a route.
    ///
    /// @param path segments that stand for themselves, or `{name}` for any one segment
    Router<E> add(String method, String path, E endpoint) {
        routes.computeIfAbsent(path, _ -> new Route<>(segments(path), new LinkedHashMap<>()))
                .endpoints()
                .put(method, endpoint);
        return this;
    }

    /// Adds a document: the same endpoint answers HEAD, whose body is left out.
    Router<E> get(String path, E endpoint) {
        return add("GET", path, endpoint).add("HEAD", path, endpoint);
    }

    Match<E> find(String method, String path) {
        Route<E> exact = routes.get(path);
        if (exact != null) {
            return choose(exact, method, Map.of());
        }
        List<String> segments = segments(path);
        for (Route<E> route : routes.values()) {
            Map<String, String> parameters = parameters(route, segments);
            if (parameters != null) {
                return choose(route, method, parameters);
            }
        }
        return new Match.None<>();
    }

    private static <E> Match<E> choose(
            Route<E> route, String method, Map<String, String> parameters) {
        E endpoint = route.endpoints().get(method);
        return endpoint == null
                ? new Match.WrongMethod<>(new LinkedHashSet<>(route.endpoints().keySet()))
                : new Match.Found<>(endpoint, parameters);
    }

    /// The values of the route's names, or null when the path does not match.
    private static <E> @Nullable Map<String, String> parameters(
            Route<E> route, List<String> segments) {
        if (route.segments().size() != segments.size()) {
            return null;
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        for (int i = 0; i < segments.size(); i++) {
            String expected = route.segments().get(i);
            String found = segments.get(i);
            if (expected.startsWith("{") && !found.isEmpty()) {
                parameters.put(expected.substring(1, expected.length() - 1), found);
            } else if (!expected.equals(found)) {
                return null;
            }
        }
        return parameters;
    }

    private static List<String> segments(String path) {
        return new ArrayList<>(Arrays.asList(path.split("/", -1)));
    }
}
