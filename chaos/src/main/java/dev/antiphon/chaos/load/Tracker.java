package dev.antiphon.chaos.load;

import dev.antiphon.chaos.history.MessageRef;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The streaming answers and their readers, for the choice of a target. Thread-safe.
public final class Tracker {

    /// Messages whose first chunk has come and whose end has not.
    private final Set<MessageRef> streaming = ConcurrentHashMap.newKeySet();

    private final Set<MessageRef> ended = ConcurrentHashMap.newKeySet();

    /// Tabs that are connected, and the gateway of each.
    private final Map<Tab, String> connected = new ConcurrentHashMap<>();

    void chunk(MessageRef message) {
        if (!ended.contains(message)) {
            streaming.add(message);
        }
    }

    void ended(MessageRef message) {
        ended.add(message);
        streaming.remove(message);
    }

    /// The session has ended and sends no more requests.
    void forget(String session) {
        streaming.removeIf(message -> message.session().equals(session));
        ended.removeIf(message -> message.session().equals(session));
    }

    void connected(Tab tab, String gateway) {
        connected.put(tab, gateway);
    }

    void disconnected(Tab tab) {
        connected.remove(tab);
    }

    public List<MessageRef> inFlight() {
        return List.copyOf(streaming);
    }

    public boolean isInFlight(MessageRef message) {
        return streaming.contains(message);
    }

    /// Tabs on a gateway, with their sessions.
    public Map<String, String> sessionsByTabOn(String gateway) {
        Map<String, String> tabs = new ConcurrentHashMap<>();
        connected.forEach((tab, on) -> {
            if (on.equals(gateway)) {
                tabs.put(tab.name(), tab.session());
            }
        });
        return tabs;
    }
}
