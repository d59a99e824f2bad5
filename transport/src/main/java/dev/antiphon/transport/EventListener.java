package dev.antiphon.transport;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/// Receives the events of one connection, after the call's {@link Dialect} has judged them. On the call's thread.
public interface EventListener {

    /// Ignores the events, for a dialect that reads the answer itself.
    EventListener NONE = (_, _) -> {};

    /// Called when the service has accepted the request.
    ///
    /// @param headers of the response, by name
    default void onOpen(Map<String, List<String>> headers) {}

    /// Receives one event.
    ///
    /// @param event its name; null when it has none
    /// @throws RuntimeException when the event breaks the protocol of the service: the call fails
    void onEvent(@Nullable String event, String data);
}
