package dev.antiphon.protocol;

import tools.jackson.databind.node.ObjectNode;

/// What pods hear on `chat.user.{user_id}.sessions`: this session may have begun or ended an answer, wait for its user, or
/// have another title, or be deleted. It says where to look and nothing else; a pod reads what is true.
public record SessionHint(UserId user, SessionId session) {

    public byte[] encode() {
        return Json.bytes(
                Json.object().put("user_id", user.value()).put("session_id", session.value()));
    }

    /// Reads a hint.
    ///
    /// @throws InvalidInput when it is not one
    public static SessionHint decode(byte[] json) {
        ObjectNode object = Json.readObject(json);
        return new SessionHint(
                new UserId(Json.text(object, "user_id")),
                new SessionId(Json.text(object, "session_id")));
    }
}
