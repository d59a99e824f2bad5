package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.SessionId;

import java.nio.charset.StandardCharsets;

/// The server-sent events that are in no log (PROTOCOL.md §5). What they hold (ids, our own reasons) needs no escaping.
final class LocalEvents {

    /// A comment: browsers ignore it, and proxies and both ends see that the connection lives.
    static final byte[] PING = bytes(": ping\n\n");

    private LocalEvents() {}

    /// The first frame of every stream. `retry` stands behind the data, because the user's own document prints the first
    /// two lines.
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

    /// Tells a client that its place is lost and that the stream goes on after `cursor`. The event has that place as
    /// its id too: a browser that reconnects before the next entry must not name the lost one again.
    static byte[] resync(String reason, EntryId cursor) {
        return bytes(
                "id: "
                        + cursor
                        + "\nevent: "
                        + EventName.RESYNC.wire()
                        + "\ndata: {\"reason\":\""
                        + reason
                        + "\",\"messages\":[],\"cursor\":\""
                        + cursor
                        + "\"}\n\n");
    }

    private static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }
}
