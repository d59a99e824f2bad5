package dev.antiphon.chaos.check;

import dev.antiphon.chaos.check.Violation.Kind;
import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.HistoryLine.Ask;
import dev.antiphon.chaos.history.HistoryLine.Cancel;
import dev.antiphon.chaos.history.HistoryLine.Messages;
import dev.antiphon.chaos.history.HistoryLine.Open;
import dev.antiphon.chaos.history.RecordedHistory;
import dev.antiphon.protocol.Completion.FinishReason;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Checks a history, session by session. It trusts only what was sent and received.
public final class Checker {

    private static final int ACCEPTED = 202;
    private static final int OK = 200;

    private final RecordedHistory history;
    private final List<Violation> violations = new ArrayList<>();

    /// The times at which Redis may have lost its last writes.
    private final List<Long> tailLosses;

    private Checker(RecordedHistory history) {
        this.history = history;
        this.tailLosses =
                history.faults().stream()
                        .filter(fault -> fault.strike().mayLoseTail())
                        .map(HistoryLine.Fault::at)
                        .toList();
    }

    /// The violations; empty when there are none.
    public static List<Violation> check(RecordedHistory history) {
        Checker checker = new Checker(history);
        history.sessions().keySet().forEach(checker::judge);
        return List.copyOf(checker.violations);
    }

    private void judge(String session) {
        try {
            session(session);
        } catch (JacksonException | IllegalArgumentException e) {
            violations.add(new Violation(Kind.MALFORMED, session, String.valueOf(e.getMessage())));
        }
    }

    private void session(String session) {
        List<HistoryLine> lines = history.sessions().getOrDefault(session, List.of());
        if (lines.stream().noneMatch(HistoryLine.Over.class::isInstance)) {
            violations.add(new Violation(Kind.NOT_CHECKED, session, "the session did not end"));
            return;
        }
        Requests requests = Requests.of(lines);
        LogCheck log = new LogCheck(session, requests, violations);
        lines.stream()
                .filter(HistoryLine.Entry.class::isInstance)
                .map(HistoryLine.Entry.class::cast)
                .forEach(log::take);
        log.end();
        oneId(session, lines);
        stored(session, requests, log, lines);
        tabs(session, requests, log, lines);
    }

    /// The requests of the session's clients.
    ///
    /// @param texts what is to be answered, by message
    /// @param accepted messages that a gateway promised to answer
    /// @param cancelled messages that a client cancelled
    /// @param firstAsk when the first message was sent
    record Requests(
            Map<String, String> texts, Set<String> accepted, Set<String> cancelled, long firstAsk) {

        static Requests of(List<HistoryLine> lines) {
            Map<String, String> texts = new LinkedHashMap<>();
            Set<String> accepted = new LinkedHashSet<>();
            Set<String> cancelled = new LinkedHashSet<>();
            long firstAsk = Long.MAX_VALUE;
            for (HistoryLine line : lines) {
                switch (line) {
                    case Ask ask -> {
                        texts.put(ask.message(), DemoAnswer.to(ask.text()));
                        firstAsk = Math.min(firstAsk, ask.at());
                    }
                    case HistoryLine.Asked asked -> {
                        if (asked.status() == ACCEPTED) {
                            accepted.add(asked.message());
                        }
                    }
                    case Cancel cancel -> cancelled.add(cancel.message());
                    case HistoryLine.Run _,
                            HistoryLine.Cancelled _,
                            Open _,
                            HistoryLine.Event _,
                            HistoryLine.Close _,
                            HistoryLine.Fault _,
                            HistoryLine.Healed _,
                            HistoryLine.Entry _,
                            Messages _,
                            HistoryLine.Over _ -> {}
                }
            }
            return new Requests(texts, accepted, cancelled, firstAsk);
        }

        /// Whether `text` can be the whole answer of the message.
        boolean fits(String message, String text, FinishReason reason) {
            String whole = texts.getOrDefault(message, "");
            return switch (reason) {
                case STOP -> text.equals(whole);
                case CANCELLED, LENGTH, ERROR -> whole.startsWith(text);
            };
        }
    }

    /// A repeated question must get the id of the first.
    private void oneId(String session, List<HistoryLine> lines) {
        for (HistoryLine line : lines) {
            if (line instanceof HistoryLine.Asked asked && asked.status() == ACCEPTED) {
                String told = LogCheck.message(asked.body());
                if (!told.isEmpty() && !told.equals(asked.message())) {
                    violations.add(
                            new Violation(
                                    Kind.ANSWERED_TWICE,
                                    session,
                                    asked.message() + " was accepted as " + told));
                }
            }
        }
    }

    private void stored(String session, Requests requests, LogCheck log, List<HistoryLine> lines) {
        Map<String, String> inHistory = new HashMap<>();
        boolean asked = false;
        for (HistoryLine line : lines) {
            if (line instanceof Messages(_, _, int status, String body) && status == OK) {
                asked = true;
                inHistory.clear();
                turns(body).forEach((message, turn) -> inHistory.put(message, turn.text()));
            }
        }
        if (!asked) {
            violations.add(new Violation(Kind.NOT_CHECKED, session, "its messages were not read"));
            return;
        }
        log.ended()
                .forEach((message, answer) -> {
                    if (!answer.text().equals(inHistory.get(message))) {
                        violations.add(
                                new Violation(
                                        Kind.HISTORY_DIFFERS,
                                        session,
                                        message
                                                + " was answered '"
                                                + answer.text()
                                                + "' and is stored as '"
                                                + inHistory.get(message)
                                                + "'"));
                    }
                });
        inHistory.keySet().stream()
                .filter(message -> !requests.texts().containsKey(message))
                .forEach(message ->
                        violations.add(
                                new Violation(
                                        Kind.SWAPPED, session, message + " is in its history")));
    }

    /// A turn in the history.
    record StoredTurn(String text, boolean ended) {}

    static Map<String, StoredTurn> turns(String body) {
        Map<String, StoredTurn> turns = new LinkedHashMap<>();
        try {
            for (JsonNode turn : JsonMapper.shared().readTree(body).path("messages")) {
                turns.put(
                        turn.path("message_id").asString(""),
                        new StoredTurn(
                                turn.path("answer").asString(""),
                                !turn.path("finish_reason").asString("").isEmpty()));
            }
        } catch (JacksonException _) {
            // No turns, which is reported for each of them.
        }
        return turns;
    }

    private void tabs(String session, Requests requests, LogCheck log, List<HistoryLine> lines) {
        Map<String, TabCheck> tabs = new LinkedHashMap<>();
        EntriesById entries = new EntriesById(session, log.dataById(), violations);
        for (HistoryLine line : lines) {
            switch (line) {
                case Open open ->
                        tabs.computeIfAbsent(
                                        open.tab(),
                                        tab ->
                                                new TabCheck(
                                                        session,
                                                        tab,
                                                        requests,
                                                        log,
                                                        tailLosses,
                                                        violations))
                                .opened(open);
                case HistoryLine.Event event -> {
                    entries.take(event);
                    TabCheck tab = tabs.get(event.tab());
                    if (tab != null) {
                        tab.take(event);
                    }
                }
                case HistoryLine.Run _,
                        Ask _,
                        HistoryLine.Asked _,
                        Cancel _,
                        HistoryLine.Cancelled _,
                        HistoryLine.Close _,
                        HistoryLine.Fault _,
                        HistoryLine.Healed _,
                        HistoryLine.Entry _,
                        Messages _,
                        HistoryLine.Over _ -> {}
            }
        }
        tabs.values().forEach(tab -> tab.end(entries.tailCame()));
    }

    /// All readers of a session, and its log, must have the same data under the same id.
    private static final class EntriesById {
        private final String session;
        private final Map<String, String> byId;
        private final List<Violation> violations;
        private final String tail;
        private long tailCame = Long.MAX_VALUE;

        private EntriesById(String session, Map<String, String> log, List<Violation> violations) {
            this.session = session;
            this.byId = new HashMap<>(log);
            this.violations = violations;
            String last = "";
            for (String id : log.keySet()) {
                last = id;
            }
            this.tail = last;
        }

        private void take(HistoryLine.Event event) {
            String id = event.id();
            if (id == null || event.event().equals("resync")) {
                return;
            }
            if (id.equals(tail)) {
                tailCame = Math.min(tailCame, event.at());
            }
            String what = event.event() + " " + event.data();
            String other = byId.putIfAbsent(id, what);
            if (other != null && !other.equals(what)) {
                violations.add(
                        new Violation(
                                Kind.DISAGREEING,
                                session,
                                id
                                        + " is '"
                                        + other
                                        + "' and for "
                                        + event.tab()
                                        + " '"
                                        + what
                                        + "'"));
            }
        }

        /// When a reader first saw the last entry.
        private long tailCame() {
            return tailCame;
        }
    }
}
