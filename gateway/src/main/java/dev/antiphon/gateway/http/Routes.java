package dev.antiphon.gateway.http;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.history.Conversations;
import dev.antiphon.gateway.stream.Hub;

import java.time.InstantSource;
import java.util.Map;
import java.util.function.Supplier;

/// All requests that the gateway answers, one line each.
final class Routes {

    static final String EVENTS = "/api/sse";

    private Routes() {}

    /// Requests that are also answered while the pod does not serve.
    static Router<Endpoint> health(HealthRoutes health) {
        return new Router<Endpoint>()
                .get("/health", health::report)
                .get("/health/live", health::live)
                .get("/health/ready", health::ready);
    }

    static Router<Endpoint> all(
            HealthRoutes health,
            Backplane backplane,
            Hub hub,
            int mostConnections,
            Map<String, StaticFile> files,
            Supplier<String> metrics,
            InstantSource clock) {
        Conversations conversations = backplane.conversations();
        Accepting accepting =
                new Accepting(
                        backplane.log(), conversations, backplane.queue(), backplane.notices());
        Router<Endpoint> routes =
                health(health)
                        .add("POST", "/api/chat", new PostChat(accepting, clock))
                        .add(
                                "POST",
                                "/api/messages/{message_id}/regenerate",
                                new PostRegenerate(conversations, accepting, clock))
                        .get("/metrics", new GetMetrics(metrics))
                        .add("GET", EVENTS, new GetEvents(hub, mostConnections))
                        .add("POST", "/api/streams", new PostStreams(hub, mostConnections))
                        .add("POST", "/api/messages/{message_id}/cancel", cancel(backplane, clock))
                        .add("POST", "/api/messages/{message_id}/resume", resume(backplane, clock))
                        .get("/api/models", GetCatalog.models(backplane.catalog()))
                        .get("/api/workflows", GetCatalog.workflows(backplane.catalog()))
                        .get("/api/sessions", new GetSessions(conversations))
                        .add("DELETE", "/api/sessions/{session_id}", delete(backplane))
                        .add(
                                "PATCH",
                                "/api/sessions/{session_id}",
                                new PatchSession(conversations, backplane.notices()))
                        .get("/api/sessions/{session_id}/messages", new GetMessages(conversations));
        files.forEach(routes::get);
        return routes;
    }

    private static Endpoint cancel(Backplane backplane, InstantSource clock) {
        return new PostCancel(
                backplane.log(),
                backplane.history(),
                backplane.notices(),
                new NamedModel(backplane.catalog()),
                clock);
    }

    private static Endpoint delete(Backplane backplane) {
        return new DeleteSession(backplane.conversations(), backplane.queue(), backplane.notices());
    }

    private static Endpoint resume(Backplane backplane, InstantSource clock) {
        return new PostResume(backplane.log(), backplane.queue(), backplane.notices(), clock);
    }
}
