package dev.antiphon.protocol;

import tools.jackson.databind.node.ObjectNode;

/// The hint to pods on `chat.user.{user_id}.sessions`: this session might have begun or ended an answer, wait for its
/// user, have a new title, or be deleted. It says where to look and nothing else; a pod then reads the state.
public record SessionHint(UserId user, SessionId session) {

    public byte[] encode() {
        return Json.bytes(
                Json.object().put("user_id", user.value()).put("session_id", session.value()));
    }

    /// Reads a hint.
    ///
    /// @throws InvalidInput when `json` is not a hint
    public static SessionHint decode(byte[] json) {
        ObjectNode object = Json.readObject(json);
        return new SessionHint(
                new UserId(Json.text(object, "user_id")),
                new SessionId(Json.text(object, "session_id")));
    }
}
