package dev.antiphon.providers.langgraph;

import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ModelCall.Asker;
import dev.antiphon.api.model.ModelTransport.Request;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.time.Time;
import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.StreamingTransport;
import dev.antiphon.transport.StreamingTransport.Reply;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/// The requests to a LangGraph server (its API reference: Threads, Thread Runs). The development servers of both
/// languages and deployments answer the same requests.
final class LangGraphServer {

    /// Joins a run's stream from its first event.
    static final String FROM_THE_START = "-1";

    private static final Logger LOG = LoggerFactory.getLogger(LangGraphServer.class);

    /// Time limit for information about a run and for a cancellation; these do not wait for a model.
    private static final Duration SOON = Duration.ofSeconds(5);

    /// A run whose creation was interrupted can appear a moment later.
    private static final int LOOKS = 3;

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);

    /// Runs per page; each quotes its message.
    private static final int PAGE = 10;

    /// A thread of a thousand runs. Beyond that, a server that lists the oldest runs first is not asked for the newest,
    /// and the run counts as missing.
    private static final int PAGES = 100;

    private final LangGraphSettings settings;
    private final StreamingTransport transport;
    private final Time time;

    LangGraphServer(LangGraphSettings settings, StreamingTransport transport, Time time) {
        this.settings = settings;
        this.transport = transport;
        this.time = time;
    }

    /// The state of a run.
    enum Progress {
        GOING,
        DONE,
        /// The run was cancelled, or waits for its user.
        INTERRUPTED,
        FAILED,
        /// The server does not know the run, or no longer.
        GONE,
        /// The server did not answer.
        UNKNOWN
    }

    /// A run that has not ended.
    ///
    /// @param ours whether one of our workers created it, for any message
    /// @param wanted whether it is the run of this call
    record InFlight(String run, boolean ours, boolean wanted) {}

    /// The thread of a session: the same on every worker, and another one when the session's name gets another owner.
    ///
    /// @param incarnation empty for sessions that are older than incarnations
    static UUID thread(SessionId session, String incarnation) {
        String name = "antiphon/" + session + (incarnation.isEmpty() ? "" : "/" + incarnation);
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    /// Starts a run and streams it. Creates the thread if it is missing.
    ///
    /// @param payload input or command, and configuration
    Request begin(UUID thread, String assistant, Asker asker, ObjectNode payload) {
        payload.put("assistant_id", assistant);
        payload.putArray("stream_mode").add("messages-tuple").add("updates");
        // Tokens of an agent that is a node of a graph come from a subgraph.
        payload.put("stream_subgraphs", true);
        // Also because two readers of a stream that is not resumable take each other's events.
        payload.put("stream_resumable", true);
        payload.put("on_disconnect", "continue");
        payload.put("if_not_exists", "create");
        // An existing run may be this message's own, begun by a worker that died: join it.
        payload.put("multitask_strategy", "reject");
        mark(payload.putObject("metadata"), asker);
        return Request.post(url(path(thread, "/stream")), headers(), payload.toString());
    }

    private static void mark(ObjectNode metadata, Asker asker) {
        metadata.put("antiphon_session", asker.session().value());
        metadata.put("antiphon_message", asker.message().value());
        metadata.put("antiphon_call", asker.call());
        metadata.put("antiphon_answers", asker.answers().size());
    }

    /// Streams a run's events after the one with this id.
    Request join(UUID thread, String run, String lastEventId) {
        Map<String, String> headers = headers();
        headers.put("Last-Event-ID", lastEventId);
        return new Request("GET", url(path(thread, "/" + run + "/stream")), headers, null);
    }

    Progress progress(UUID thread, String run) throws InterruptedException {
        Optional<Reply> reply = ask("GET", path(thread, "/" + run));
        if (reply.isEmpty()) {
            return Progress.UNKNOWN;
        }
        if (reply.get().status() == 404) {
            return Progress.GONE;
        }
        return progress(tree(reply.get()));
    }

    private static Progress progress(JsonNode run) {
        return switch (run.path("status").asString("")) {
            case "pending", "running" -> Progress.GOING;
            case "success" -> Progress.DONE;
            case "interrupted" -> Progress.INTERRUPTED;
            case "error", "timeout" -> Progress.FAILED;
            default -> Progress.UNKNOWN;
        };
    }

    /// The result of a search for the run of a call.
    sealed interface Found {
        record Run(String id) implements Found {}

        record Nothing() implements Found {}

        /// It is unknown whether there is one.
        record Unknown(Breakage why) implements Found {}
    }

    /// Searches for the run that an earlier attempt at this call has begun, ended or not. A failed run counts too,
    /// because its steps may have had their effects.
    Found find(UUID thread, Asker asker) throws InterruptedException {
        for (int page = 0; page < PAGES; page++) {
            String query = "?limit=" + PAGE + "&offset=" + page * PAGE;
            Optional<Reply> reply = ask("GET", path(thread, query));
            if (reply.isEmpty()) {
                return new Found.Unknown(new Breakage.Unreachable());
            }
            int status = reply.get().status();
            if (status == 404) {
                return new Found.Nothing(); // even the thread is missing
            }
            if (status / 100 != 2) {
                return new Found.Unknown(new Breakage.Refused(status, null, null));
            }
            JsonNode runs = tree(reply.get());
            for (JsonNode run : runs) {
                if (isOf(run.path("metadata"), asker)) {
                    return new Found.Run(run.path("run_id").asString(""));
                }
            }
            if (runs.size() < PAGE || isPast(runs, asker)) {
                return new Found.Nothing();
            }
        }
        return new Found.Nothing();
    }

    /// Whether the next pages hold only runs that are older than the message. Most servers list the newest run first,
    /// the JavaScript development server the oldest. A session's messages are answered one after the other, so a run of
    /// another message is older than all runs of this one.
    private static boolean isPast(JsonNode runs, Asker asker) {
        String first = runs.path(0).path("created_at").asString("");
        String last = runs.path(runs.size() - 1).path("created_at").asString("");
        return first.compareTo(last) > 0
                && runs.valueStream()
                        .map(run -> run.path("metadata").path("antiphon_message").asString(""))
                        .anyMatch(other ->
                                !other.isEmpty() && !other.equals(asker.message().value()));
    }

    /// The thread's first run that has not ended; at most one is running.
    Optional<InFlight> inFlight(UUID thread, Asker asker) throws InterruptedException {
        for (String status : List.of("running", "pending")) {
            Optional<Reply> reply = ask("GET", path(thread, "?status=" + status));
            for (JsonNode run : reply.map(LangGraphServer::tree).orElse(Json.array())) {
                JsonNode metadata = run.path("metadata");
                return Optional.of(
                        new InFlight(
                                run.path("run_id").asString(""),
                                metadata.has("antiphon_message"),
                                isOf(metadata, asker)));
            }
        }
        return Optional.empty();
    }

    private static boolean isOf(JsonNode metadata, Asker asker) {
        return asker.message().value().equals(metadata.path("antiphon_message").asString(""))
                && asker.answers().size() == metadata.path("antiphon_answers").asInt(-1)
                // Earlier versions of ours did not name the call.
                && asker.call().equals(metadata.path("antiphon_call").asString(asker.call()));
    }

    /// Stops a run that has not ended. Its results so far remain in the thread.
    void cancel(UUID thread, String run) throws InterruptedException {
        // Without `wait=false`: the JavaScript server reads that as true.
        Optional<Reply> reply = ask("POST", path(thread, "/" + run + "/cancel?action=interrupt"));
        if (reply.filter(told -> told.status() / 100 == 2).isPresent()) {
            return;
        }
        // For a run that has ended, the JavaScript server accepts the request, and others
        // answer 404.
        switch (progress(thread, run)) {
            case GOING, UNKNOWN ->
                    LOG.atWarn()
                            .addKeyValue("thread", thread)
                            .addKeyValue("run", run)
                            .log("cancelling a remote run failed");
            case DONE, INTERRUPTED, FAILED, GONE -> {}
        }
    }

    /// Removes a run that does not end even when it is cancelled. A restarted development server has such runs, and
    /// they would block their thread forever.
    void delete(UUID thread, String run) throws InterruptedException {
        var _ = ask("DELETE", path(thread, "/" + run));
    }

    /// Stops the run of an asker who no longer needs it, without making the caller wait.
    ///
    /// @param run null when it is not known yet; the method then finds out
    void cancelLater(UUID thread, @Nullable String run, Asker asker) {
        transport.afterwards(() -> {
            try {
                if (run == null) {
                    findAndCancel(thread, asker);
                } else {
                    cancel(thread, run);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the process stops
            }
        });
    }

    /// The runs that a message may still have.
    private enum Rest {
        NONE,
        CANCELLED,
        UNKNOWN
    }

    /// Ends the runs of a message, and removes the thread of a deleted session.
    ///
    /// @return whether nothing is left
    boolean cleanUp(Leftover left) throws InterruptedException {
        UUID thread = thread(left.session(), left.incarnation());
        Rest rest = endRuns(thread, left);
        for (int look = 1; look < LOOKS && rest == Rest.CANCELLED; look++) {
            time.sleep(BETWEEN_LOOKS.toNanos());
            rest = endRuns(thread, left);
        }
        if (rest != Rest.NONE || !left.whole()) {
            return rest == Rest.NONE;
        }
        Optional<Reply> removed = ask("DELETE", "/threads/" + thread);
        return isTaken(removed) || isUnknown(removed);
    }

    private Rest endRuns(UUID thread, Leftover left) throws InterruptedException {
        for (String status : List.of("running", "pending")) {
            Optional<Reply> reply = ask("GET", path(thread, "?status=" + status));
            if (!isTaken(reply) && !isUnknown(reply)) {
                return Rest.UNKNOWN;
            }
            for (JsonNode run : reply.map(LangGraphServer::tree).orElse(Json.array())) {
                String message = run.path("metadata").path("antiphon_message").asString("");
                if (left.message() != null && left.message().value().equals(message)) {
                    cancel(thread, run.path("run_id").asString(""));
                    return Rest.CANCELLED;
                }
            }
        }
        return Rest.NONE;
    }

    private static boolean isTaken(Optional<Reply> reply) {
        return reply.filter(each -> each.status() / 100 == 2).isPresent();
    }

    private static boolean isUnknown(Optional<Reply> reply) {
        return reply.filter(each -> each.status() == 404).isPresent();
    }

    private void findAndCancel(UUID thread, Asker asker) throws InterruptedException {
        for (int look = 0; look < LOOKS; look++) {
            Optional<InFlight> found = inFlight(thread, asker).filter(InFlight::wanted);
            if (found.isPresent()) {
                cancel(thread, found.get().run());
                return;
            }
            time.sleep(BETWEEN_LOOKS.toNanos());
        }
    }

    private Optional<Reply> ask(String method, String path) throws InterruptedException {
        return transport.ask(new Request(method, url(path), headers(), null), SOON);
    }

    private static JsonNode tree(Reply reply) {
        try {
            return reply.status() / 100 == 2 ? Json.valueOfService(reply.body()) : Json.object();
        } catch (InvalidInput e) {
            return Json.object(); // no known status, and no runs
        }
    }

    private static String path(UUID thread, String more) {
        return "/threads/" + thread + "/runs" + more;
    }

    private URI url(String path) {
        return URI.create(settings.url() + path);
    }

    /// The headers of every request; the caller can add more.
    private Map<String, String> headers() {
        Map<String, String> headers = new TreeMap<>(Map.of("User-Agent", "antiphon"));
        String key = settings.apiKey();
        if (key != null) {
            headers.put("X-Api-Key", key);
        }
        return headers;
    }
}
