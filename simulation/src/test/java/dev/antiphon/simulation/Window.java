package dev.antiphon.simulation;

import dev.antiphon.gateway.stream.Bundle;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A browser whose tabs share one stream of several sessions: each tab has its own position, and takes the events that
/// the stream names its session for.
final class Window implements Line.Client {

    private static final String DATA = "\ndata: ";

    private final World world;
    private final UserId user;
    private final Line line;
    private final List<Browser> tabs = new ArrayList<>();
    private @Nullable Browser named;

    Window(World world, UserId user, List<SessionId> sessions) {
        this.world = world;
        this.user = user;
        this.line = new Line(world, this);
        sessions.forEach(session -> tabs.add(new Browser(world, session, line)));
    }

    List<Browser> tabs() {
        return tabs;
    }

    void connect() {
        line.connect();
    }

    @Override
    public void open(SimPod pod, Line.Connection connection) {
        List<Bundle.Wanted> wanted =
                tabs.stream().map(tab -> new Bundle.Wanted(tab.session(), tab.cursor())).toList();
        if (tabs.stream().filter(tab -> tab.lastId() != null).count() > 1) {
            world.chronicle().count(Chronicle.Count.SEVERAL_RETURN);
        }
        pod.connect(user, wanted, connection);
    }

    @Override
    public void begin() {
        named = null;
        tabs.forEach(Browser::begin);
    }

    @Override
    public void frame(String frame) {
        if (frame.startsWith("event: session\n")) {
            String data = frame.substring(frame.indexOf(DATA) + DATA.length());
            name(Json.readObject(data.getBytes(StandardCharsets.UTF_8)));
        } else if (named != null) {
            named.frame(frame);
        } else if (!frame.startsWith(":")) {
            world.chronicle().violated("I4", "a stream of several sessions does not name one");
        }
    }

    private void name(JsonNode session) {
        Browser tab = tabs.get(session.path("index").intValue());
        named = tab;
        if (!tab.session().value().equals(session.path("session_id").stringValue())) {
            world.chronicle().violated("I4", "a stream of several sessions names " + session);
        }
    }
}
