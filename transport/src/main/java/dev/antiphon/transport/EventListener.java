package dev.antiphon.transport;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/// Takes the events of one connection, after the call's {@link Dialect} has judged them. On the thread of the call.
public interface EventListener {

    /// Takes nothing: the dialect reads the answer itself.
    EventListener NONE = (_, _) -> {};

    /// The service has accepted the request.
    ///
    /// @param headers of its answer, by name
    default void onOpen(Map<String, List<String>> headers) {}

    /// One event.
    ///
    /// @param event its name; null when it has none
    /// @throws RuntimeException when it is not what the service's protocol says: the call is broken then
    void onEvent(@Nullable String event, String data);
}
