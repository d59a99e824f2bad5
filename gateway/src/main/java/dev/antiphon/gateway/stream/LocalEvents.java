package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.SessionState;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Locale;

/// The server-sent events that are in no log (PROTOCOL.md §5). Ids and our own reasons need no
/// escaping; titles are written by {@link Json}.
final class LocalEvents {

    /// A comment: browsers ignore it, and it shows proxies and both ends that the connection is alive.
    static final byte[] PING = bytes(": ping\n\n");

    private LocalEvents() {}

    /// The first frame of every stream. `retry` follows the data, because PROTOCOL.md fixes the first two lines.
    static byte[] connected(ConnectionId connection, SessionId session) {
        return bytes(
                "event: "
                        + EventName.CONNECTED.wire()
                        + "\ndata: {\"connection_id\":\""
                        + connection
                        + "\",\"session_id\":\""
                        + session
                        + "\"}\nretry: 1000\n\n");
    }

    /// The state of this pod for a client. Without an id: it is in no log.
    static byte[] status(PodStatus status) {
        return event(
                EventName.STATUS,
                switch (status) {
                    case WELL -> "{\"status\":\"recovered\"}";
                    case NATS_UNAVAILABLE -> "{\"status\":\"degraded\",\"reason\":\"nats_away\"}";
                    case REDIS_UNAVAILABLE -> "{\"status\":\"degraded\",\"reason\":\"redis_away\"}";
                    case REDIS_FULL -> "{\"status\":\"degraded\",\"reason\":\"redis_full\"}";
                    case REDIS_READ_ONLY ->
                            "{\"status\":\"degraded\",\"reason\":\"redis_read_only\"}";
                });
    }

    /// Tells a client that its place is lost, gives it the conversation so far, and the stream continues behind that.
    /// The event also has that new place as its id: a browser that reconnects before the next entry must not send the
    /// lost one again.
    static byte[] resync(String reason, Recent recent) {
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        event.writeBytes(
                bytes(
                        "id: "
                                + recent.cursor()
                                + "\nevent: "
                                + EventName.RESYNC.wire()
                                + "\ndata: {\"reason\":\""
                                + reason
                                + "\","));
        byte[] json = recent.json();
        event.write(json, 1, json.length - 1); // without its opening brace
        event.writeBytes(bytes("\n\n"));
        return event.toByteArray();
    }

    /// The following events of a stream of several sessions belong to this session.
    static byte[] session(SessionId session, int index) {
        return event(
                EventName.SESSION, "{\"session_id\":\"" + session + "\",\"index\":" + index + "}");
    }

    /// The state of sessions in its user's list, for a client.
    ///
    /// @param whole whether these are all sessions that run or wait for the user, and others might have changed as
    ///     well; otherwise only these have changed
    static byte[] list(boolean whole, Collection<SessionState> sessions) {
        ObjectNode list = Json.object().put("whole", whole);
        ArrayNode states = list.putArray("sessions");
        for (SessionState each : sessions) {
            states.addObject()
                    .put("session_id", each.session().value())
                    .put("state", each.state().name().toLowerCase(Locale.ROOT))
                    .put("title", each.title());
        }
        return event(EventName.LIST, list.toString());
    }

    /// Tells a client that it gets no events of this session, with the reason that an answer to a request would have.
    static byte[] refused(SessionId session, ErrorCode code) {
        return event(
                EventName.REFUSED,
                Json.object()
                        .put("session_id", session.value())
                        .put("code", code.wire())
                        .put("status", code.httpStatus())
                        .put("title", code.title())
                        .toString());
    }

    private static byte[] event(EventName name, String data) {
        return ("event: " + name.wire() + "\ndata: " + data + "\n\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }
}
