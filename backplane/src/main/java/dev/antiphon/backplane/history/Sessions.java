package dev.antiphon.backplane.history;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// A page of a user's sessions.
///
/// @param next where the next page begins; empty when this is the last
public record Sessions(List<Summary> page, Optional<Place> next) {

    /// One session.
    ///
    /// @param title the beginning of its first message
    /// @param updated when its last answer ended
    public record Summary(SessionId session, String title, Instant created, Instant updated) {

        Place place() {
            return new Place(updated.toEpochMilli(), session);
        }
    }

    /// A place in the list; clients send it back as `{milliseconds}.{session}`.
    public record Place(long updatedMillis, SessionId session) {

        private static final int MOST_DIGITS = 15;

        /// Reads the form that {@link #toString} writes.
        ///
        /// @throws InvalidInput when the text has another form
        public static Place of(String text) {
            int dot = text.indexOf('.');
            if (dot < 1 || dot > MOST_DIGITS || !text.chars().limit(dot).allMatch(Place::isDigit)) {
                throw new InvalidInput(
                        ErrorCode.INVALID_FIELD,
                        "before must be the value of next in the previous page");
            }
            return new Place(
                    Long.parseLong(text.substring(0, dot)), new SessionId(text.substring(dot + 1)));
        }

        private static boolean isDigit(int c) {
            return c >= '0' && c <= '9';
        }

        @Override
        public String toString() {
            return updatedMillis + "." + session;
        }
    }

    public Sessions {
        page = List.copyOf(page);
    }

    /// A page that others can follow.
    static Sessions of(List<Summary> page, boolean more) {
        return new Sessions(page, more ? Optional.of(page.getLast().place()) : Optional.empty());
    }

    /// The form for clients.
    public byte[] json() {
        ObjectNode json = Json.object();
        ArrayNode sessions = json.putArray("sessions");
        for (Summary each : page) {
            sessions.addObject()
                    .put("session_id", each.session().value())
                    .put("title", each.title())
                    .put("created", each.created().toString())
                    .put("updated", each.updated().toString());
        }
        json.put("next", next.map(Place::toString).orElse(null));
        return Json.bytes(json);
    }
}
