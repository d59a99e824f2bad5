package dev.antiphon.gateway.http;

import dev.antiphon.backplane.history.Conversations;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
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
        MessagePost.read(
                exchange,
                post -> {
                    MessageId id = newId(post);
                    post.whenFound(
                            conversations.asked(post.session(), post.user(), post.message()),
                            asked -> accepting.accept(exchange, again(asked, id, post.body())));
                });
    }

    private static MessageId newId(MessagePost post) {
        String named = Json.optionalText(post.body(), "message_id");
        return named == null
                ? PostChat.messageId(
                        post.body(),
                        post.exchange().header("Idempotency-Key"),
                        "regenerate " + post.message() + " ")
                : new MessageId(named);
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
