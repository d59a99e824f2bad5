package dev.antiphon.gateway.http;

import dev.antiphon.gateway.stream.Bundle;
import dev.antiphon.gateway.stream.Bundle.Wanted;
import dev.antiphon.gateway.stream.Cursor;
import dev.antiphon.gateway.stream.Hub;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;

/// `POST /api/streams`: the events of several sessions of one user in one stream, and of the user's list
/// (PROTOCOL.md §5).
///
/// A POST, because 32 ids with 32 cursors do not fit into every proxy's limit for a request line.
final class PostStreams implements Endpoint {

    private final Hub hub;
    private final int mostConnections;
    private final SharedBuffers buffers = new SharedBuffers();

    PostStreams(Hub hub, int mostConnections) {
        this.hub = hub;
        this.mostConnections = mostConnections;
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.readJson(body -> open(exchange, body));
    }

    private void open(Exchange exchange, ObjectNode body) {
        UserId user = new UserId(Json.text(body, "user_id"));
        boolean list = list(body);
        List<Wanted> sessions = sessions(body, list);
        if (hub.connections() + sessions.size() + (list ? 1 : 0) > mostConnections) {
            exchange.refuse(Problem.tooManyStreams());
            return;
        }
        SseOutlet outlet = exchange.events(buffers);
        Bundle bundle = Bundle.open(hub, user, sessions, list, outlet);
        outlet.whenDrained(bundle::drained);
        exchange.whenOver(bundle::leave);
    }

    private static boolean list(ObjectNode body) {
        JsonNode list = body.get("list");
        if (list != null && !list.isNull() && !list.isBoolean()) {
            throw new InvalidInput(ErrorCode.INVALID_FIELD, "list must be true or false");
        }
        return list != null && list.booleanValue(false);
    }

    /// @param list whether the stream shows the list: then it can have no sessions
    private static List<Wanted> sessions(ObjectNode body, boolean list) {
        JsonNode listed = body.get("sessions");
        if (listed == null || listed.isNull()) {
            if (list) {
                return List.of();
            }
            throw new InvalidInput(ErrorCode.MISSING_FIELD, "sessions is required");
        }
        if (!listed.isArray()
                || (listed.isEmpty() && !list)
                || listed.size() > Bundle.MOST_SESSIONS) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD,
                    "sessions must be a list of 1 to " + Bundle.MOST_SESSIONS);
        }
        List<Wanted> sessions = new ArrayList<>();
        for (JsonNode each : listed) {
            if (!(each instanceof ObjectNode wanted)) {
                throw new InvalidInput(
                        ErrorCode.INVALID_FIELD, "each of the sessions must be an object");
            }
            SessionId session = new SessionId(Json.text(wanted, "session_id"));
            Cursor from = Cursors.read(Json.optionalText(wanted, "last_event_id"));
            sessions.add(new Wanted(session, from));
        }
        return sessions;
    }
}
