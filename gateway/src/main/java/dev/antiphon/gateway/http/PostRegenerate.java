package dev.antiphon.gateway.http;

import dev.antiphon.backplane.history.Conversations;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import tools.jackson.databind.node.ObjectNode;

import java.time.InstantSource;

/// `POST /api/messages/{message_id}/regenerate`: asks the same again at the same place, so that the new answer is
/// another branch of the same turn (PROTOCOL.md §4).
final class PostRegenerate implements Endpoint {

    private final Conversations conversations;
    private final Accepting accepting;
    private final InstantSource clock;

    PostRegenerate(Conversations conversations, Accepting accepting, InstantSource clock) {
        this.conversations = conversations;
        this.accepting = accepting;
        this.clock = clock;
    }

    @Override
    public void handle(Exchange exchange) {
        MessageId message = new MessageId(exchange.parameter("message_id"));
        exchange.readJson(body -> {
            SessionId session = new SessionId(Json.text(body, "session_id"));
            UserId user = new UserId(Json.text(body, "user_id"));
            String named = Json.optionalText(body, "message_id");
            MessageId id =
                    named == null
                            ? PostChat.messageId(
                                    body,
                                    exchange.header("Idempotency-Key"),
                                    "regenerate " + message + " ")
                            : new MessageId(named);
            exchange.when(
                    conversations.asked(session, user, message),
                    asked -> {
                        if (asked.isPresent()) {
                            accepting.accept(exchange, again(asked.get(), id, body));
                        } else {
                            exchange.refuse(Problem.noSuchMessage(message));
                        }
                    });
        });
    }

    private WorkflowRequest again(WorkflowRequest asked, MessageId id, ObjectNode body) {
        MessageId parent = asked.parentId();
        return new WorkflowRequest(
                id,
                asked.sessionId(),
                asked.userId(),
                asked.message(),
                context(asked, body),
                parent == null || parent.equals(asked.messageId()) ? id : parent,
                clock.instant(),
                Ids.mint("corr_"));
    }

    /// The earlier context, with the provider, model or workflow that the client names.
    private static RequestContext context(WorkflowRequest asked, ObjectNode body) {
        ObjectNode changed = Json.object();
        changed.set("context", asked.context().all().deepCopy());
        for (String key : new String[] {"ai_provider", "model", "workflow"}) {
            if (PostChat.has(body, key)) {
                changed.set(key, body.get(key));
                PostChat.moveIntoContext(changed, key);
            }
        }
        return changed.get("context") instanceof ObjectNode context
                ? RequestContext.of(context)
                : asked.context();
    }
}
