package dev.antiphon.protocol;

import tools.jackson.databind.node.ObjectNode;

/// The notice on `chat.workflow.cancel`: this message has ended, so workers stop its model call.
public record CancelNotice(SessionId session, MessageId message) {

    public byte[] encode() {
        return Json.bytes(
                Json.object()
                        .put("session_id", session.value())
                        .put("message_id", message.value()));
    }

    /// Reads a notice.
    ///
    /// @throws InvalidInput when it is not one
    public static CancelNotice decode(byte[] json) {
        ObjectNode object = Json.readObject(json);
        return new CancelNotice(
                new SessionId(Json.text(object, "session_id")),
                new MessageId(Json.text(object, "message_id")));
    }
}
