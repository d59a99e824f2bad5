package dev.antiphon.chaos.check;

import dev.antiphon.chaos.check.Checker.Requests;
import dev.antiphon.chaos.check.Checker.StoredTurn;
import dev.antiphon.chaos.check.Violation.Kind;
import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.protocol.EntryId;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Checks the events of one tab, over all its connections: between two resyncs a contiguous slice of the log, and at
/// the end all of it.
final class TabCheck {

    /// Redis syncs its file once a second and can lose two seconds; the rest is for events on their way.
    private static final long MOST_LOST_MICROS = 5_000_000;

    /// A slow reader gets lost entries long after they were sent.
    private static final long MOST_LATE_MICROS = 30_000_000;

    /// A killed server ends within this time after its fault is written down.
    private static final long MOST_DYING_MICROS = 1_000_000;

    /// Between a reader's request and its place in the session, other readers can receive the end.
    private static final long ARRIVAL_MICROS = 10_000_000;

    private final String session;
    private final String tab;
    private final Requests requests;
    private final LogCheck log;
    private final List<Long> tailLosses;
    private final List<Violation> violations;

    /// Ids since the last resync, in the order in which they came.
    private final List<EntryId> slice = new ArrayList<>();

    private final Set<EntryId> seen = new HashSet<>();
    private final Set<String> begun = new HashSet<>();
    private @Nullable EntryId last;
    private @Nullable EntryId cursor;

    /// Redis wrote the tab's place, its last entry or the place that it got with `connected`, between these two times.
    private long placedSince;

    private long placedBy;
    private long firstOpened = Long.MAX_VALUE;
    private long lastOpened;
    private long firstConnected = Long.MAX_VALUE;
    private boolean resynced;

    TabCheck(
            String session,
            String tab,
            Requests requests,
            LogCheck log,
            List<Long> tailLosses,
            List<Violation> violations) {
        this.session = session;
        this.tab = tab;
        this.requests = requests;
        this.log = log;
        this.tailLosses = tailLosses;
        this.violations = violations;
    }

    void opened(HistoryLine.Open open) {
        firstOpened = Math.min(firstOpened, open.at());
        lastOpened = open.at();
    }

    void take(HistoryLine.Event event) {
        switch (event.event()) {
            case "connected" -> connected(event);
            case "status" -> {}
            case "resync" -> resync(event);
            case "message", "chunk", "message_complete" -> entry(event);
            default -> violated(Kind.SWAPPED, "unknown event " + event.event());
        }
    }

    /// A tab that has no entry yet got a new place between its request and this event.
    private void connected(HistoryLine.Event event) {
        firstConnected = Math.min(firstConnected, event.at());
        if (last == null) {
            placedSince = lastOpened - MOST_DYING_MICROS;
            placedBy = event.at();
        }
    }

    // Entries

    private void entry(HistoryLine.Event event) {
        if (event.id() == null) {
            violated(Kind.REORDERED, "an entry without an id: " + event.data());
            return;
        }
        EntryId id = EntryId.parse(event.id());
        JsonNode data = JsonMapper.shared().readTree(event.data());
        String message = data.path("message_id").asString("");
        if (!data.path("session_id").asString(session).equals(session)
                || !requests.texts().containsKey(message)) {
            violated(Kind.SWAPPED, id + " belongs to " + data.path("session_id") + " " + message);
        }
        if (event.event().equals("chunk")
                && begun.add(message)
                && !resynced
                && data.path("chunk_id").asInt(-1) != 0) {
            violated(
                    Kind.SHOWN_FROM_MIDDLE,
                    message + " begins with chunk " + data.path("chunk_id"));
        }
        EntryId before = last;
        if (before != null
                && id.generation() == before.generation()
                && id.number() == before.number() + 1
                && !LogCheck.follows(before, id, event.event(), event.data())) {
            violated(Kind.BROKEN_CHAIN, id + " does not follow from " + before);
        }
        if (!seen.add(id)) {
            violated(Kind.DOUBLED, id + " arrived twice");
        }
        slice.add(id);
        placeAt(id, event.at());
    }

    private void placeAt(EntryId place, long came) {
        last = place;
        placedSince = came - MOST_LATE_MICROS;
        placedBy = came;
    }

    // Resyncs

    private void resync(HistoryLine.Event event) {
        JsonNode data = JsonMapper.shared().readTree(event.data());
        if (tailLosses.stream().noneMatch(loss -> excuses(loss, event.at()))) {
            violated(
                    Kind.NEEDLESS_RESYNC,
                    "%s at %d us; it got its place (%s) by %d us"
                            .formatted(
                                    data.path("reason"),
                                    event.at(),
                                    last == null ? "no entry" : last,
                                    placedBy));
        }
        contiguous();
        slice.clear();
        seen.clear();
        resynced = true;
        cursor = EntryId.parse(data.path("cursor").asString(""));
        placeAt(cursor, event.at());
        Map<String, StoredTurn> turns = Checker.turns(event.data());
        turns.forEach((message, turn) -> {
            if (!requests.texts().containsKey(message)) {
                violated(Kind.SWAPPED, message + " is in its resync");
            } else if (!requests.texts().getOrDefault(message, "").startsWith(turn.text())) {
                violated(Kind.BAD_RESYNC, message + " is in a resync as '" + turn.text() + "'");
            }
        });
        toldBefore(cursor, turns);
    }

    /// Whether the tab's place may have been lost with Redis' last writes at `loss`.
    private boolean excuses(long loss, long resyncAt) {
        return loss <= resyncAt && loss - MOST_LOST_MICROS <= placedBy && placedSince <= loss;
    }

    /// Answers that ended before the cursor are in the turns.
    private void toldBefore(EntryId from, Map<String, StoredTurn> turns) {
        if (!log.dataById().containsKey(from.toString())) {
            return; // Redis lost that one too; another resync must follow, see the end
        }
        log.ended()
                .forEach((message, answer) -> {
                    StoredTurn turn = turns.get(message);
                    if (answer.end() <= from.number()
                            && (turn == null || !turn.text().equals(answer.text()))) {
                        violated(
                                Kind.BAD_RESYNC,
                                "%s ended before %s, but a resync has it as %s"
                                        .formatted(message, from, turn));
                    }
                });
    }

    // The end

    /// Must be called after the last line.
    ///
    /// @param tailCame when a reader first saw the log's last entry
    void end(long tailCame) {
        contiguous();
        EntryId tail = log.tail();
        if (slice.isEmpty() && cursor == null) {
            if (tail != null && tailCame > firstOpened + ARRIVAL_MICROS) {
                violated(Kind.LOST, "no entry arrived");
            }
            return;
        }
        for (EntryId id : slice) {
            if (!log.dataById().containsKey(id.toString())) {
                violated(Kind.SILENT_ROLLBACK, id + " is not in the log");
                return;
            }
        }
        if (tail != null && !tail.equals(last)) {
            violated(Kind.LOST, "it is at " + last + ", the log at " + tail);
        }
        if (cursor == null
                && firstConnected < requests.firstAsk()
                && !slice.isEmpty()
                && slice.getFirst().number() != 1) {
            violated(Kind.LOST, "the first entry was " + slice.getFirst());
        }
    }

    /// Checks that the numbers since the last resync came once each and in order.
    private void contiguous() {
        if (slice.isEmpty()) {
            return;
        }
        long generation = slice.getFirst().generation();
        long lowest = cursor == null ? Long.MAX_VALUE : cursor.number() + 1;
        long highest = 0;
        Set<Long> numbers = new HashSet<>();
        long before = cursor == null ? 0 : cursor.number();
        EntryId backwards = null;
        for (EntryId id : slice) {
            if (id.generation() != generation
                    || (cursor != null && id.generation() != cursor.generation())) {
                violated(
                        Kind.SILENT_ROLLBACK,
                        id + " has another generation than the entry before it");
                return;
            }
            if (id.number() < before) {
                backwards = id;
            }
            before = id.number();
            lowest = Math.min(lowest, id.number());
            highest = Math.max(highest, id.number());
            numbers.add(id.number());
        }
        if (backwards != null && seenOnce()) {
            violated(Kind.REORDERED, backwards + " arrived too late");
        }
        if (numbers.size() != highest - lowest + 1) {
            violated(
                    Kind.LOST,
                    "%d of the entries %d to %d arrived"
                            .formatted(numbers.size(), lowest, highest));
        }
    }

    /// Whether a step back is not explained by a double.
    private boolean seenOnce() {
        return seen.size() == slice.size();
    }

    private void violated(Kind kind, String what) {
        violations.add(new Violation(kind, session, tab + ": " + what));
    }
}
