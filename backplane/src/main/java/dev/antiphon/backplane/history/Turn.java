package dev.antiphon.backplane.history;

import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

/// One message: what the user asked and what was answered.
///
/// @param parent the message that it follows; null when it begins the conversation
/// @param answer the text that stands at the end: without what was withdrawn
/// @param error why the answer failed; null when it did not
record Turn(
        WorkflowRequest request,
        @Nullable MessageId parent,
        String answer,
        Completion completion,
        @Nullable ErrorCode error) {

    /// The turn as it is stored, and as clients get it.
    byte[] json() {
        ObjectNode json = Json.object();
        json.put("message_id", request.messageId().value());
        json.put("parent_id", parent == null ? null : parent.value());
        json.put("text", request.message());
        json.put("answer", answer);
        json.put("finish_reason", completion.finishReason().wire());
        json.put("model", completion.model());
        json.put("tokens_used", completion.tokensUsed());
        json.put("timestamp", request.timestamp().toString());
        if (error != null) {
            json.putObject("error").put("code", error.wire()).put("message", error.title());
        }
        return Json.bytes(json);
    }

    /// What was said in a turn as it is stored.
    static Said said(byte[] json) {
        ObjectNode turn = Json.readObject(json);
        return new Said(turn.get("text").stringValue(), turn.get("answer").stringValue());
    }
}
