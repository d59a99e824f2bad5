package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The notice on `chat.pod.{pod_id}.event`: this session was erased, so the pod reads its log, which is gone.
public record ErasedNotice(SessionId session) {

    private static final byte[] TAIL = "\"event\":\"erased\"}".getBytes(StandardCharsets.US_ASCII);

    public byte[] encode() {
        return Json.bytes(Json.object().put("session_id", session.value()).put("event", "erased"));
    }

    /// Reads a message from a pod's event subject.
    ///
    /// @return null when it is another event: those end with their entry's id
    /// @throws InvalidInput when it is malformed
    public static @Nullable ErasedNotice decode(byte[] json) {
        int tail = json.length - TAIL.length;
        if (tail < 0 || !Arrays.equals(json, tail, json.length, TAIL, 0, TAIL.length)) {
            return null;
        }
        return new ErasedNotice(new SessionId(Json.text(Json.readObject(json), "session_id")));
    }
}
