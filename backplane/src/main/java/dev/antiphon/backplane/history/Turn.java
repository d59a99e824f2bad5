package dev.antiphon.backplane.history;

import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/// One message: the user's question and the answer.
///
/// @param parent the message that this one follows; null when it begins the conversation
/// @param answer the final text, without the withdrawn parts
/// @param activity a JSON array of the events apart from the text, see {@link Activity}; empty when there were none
/// @param error the reason why the answer failed; null when it did not
public record Turn(
        WorkflowRequest request,
        @Nullable MessageId parent,
        String answer,
        String activity,
        Completion completion,
        @Nullable ErrorCode error) {

    /// The chunks might have cut a pair of surrogates in two, and a plain worker can send only half of one. Without this,
    /// a stored turn could not be read, and its session could not answer again.
    public Turn {
        answer = Json.encodable(answer);
    }

    /// The stored form of the turn. Clients get it with its activity, which is stored next to it: a model's context is
    /// made of turns and should not have to read the activity.
    byte[] json() {
        ObjectNode json = Json.object();
        json.put("message_id", request.messageId().value());
        json.put("parent_id", parent == null ? null : parent.value());
        json.put("text", request.message());
        json.put("answer", answer);
        json.put("finish_reason", completion.finishReason().wire());
        json.put("model", Json.encodable(completion.model()));
        json.put("tokens_used", completion.tokensUsed());
        json.put("timestamp", request.timestamp().toString());
        if (error != null) {
            json.putObject("error").put("code", error.wire()).put("message", error.title());
        }
        return Json.bytes(json);
    }

    /// The form of a stored turn for clients.
    ///
    /// @param activity as stored; empty for none
    static byte[] withActivity(byte[] turn, byte[] activity) {
        if (activity.length == 0) {
            return turn;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(turn.length + activity.length + 16);
        out.write(turn, 0, turn.length - 1); // without its closing brace
        out.writeBytes(",\"activity\":".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(activity);
        out.write('}');
        return out.toByteArray();
    }

    private static final int TITLE_CHARACTERS = 80;

    String title() {
        return title(request);
    }

    /// The beginning of the question, as the title of a conversation: one line.
    static String title(WorkflowRequest request) {
        String line = request.message().strip().replaceAll("[\\s\\p{Cntrl}]+", " ");
        return line.codePointCount(0, line.length()) <= TITLE_CHARACTERS
                ? line
                : line.substring(0, line.offsetByCodePoints(0, TITLE_CHARACTERS - 1)) + "…";
    }

    /// The request of a stored turn. A message that follows none names itself as its parent.
    static WorkflowRequest asked(byte[] json, SessionId session, UserId user) {
        ObjectNode turn = Json.readPieces(json);
        MessageId message = new MessageId(Json.text(turn, "message_id"));
        String parent = turn.get("parent_id").stringValue(message.value());
        return new WorkflowRequest(
                message,
                session,
                user,
                turn.get("text").stringValue(),
                RequestContext.empty(),
                new MessageId(parent),
                Instant.parse(turn.get("timestamp").stringValue()),
                Ids.mint("corr_"));
    }

    /// Question and answer of a stored turn.
    static Said said(byte[] json) {
        ObjectNode turn = Json.readPieces(json);
        return new Said(
                turn.get("text").stringValue(), Json.encodable(turn.get("answer").stringValue()));
    }
}
