package dev.antiphon.simulation;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

/// One message of one session, as members of sets name it.
record Place(SessionId session, MessageId message) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
        int sessions = session.value().compareTo(other.session.value());
        return sessions != 0 ? sessions : message.value().compareTo(other.message.value());
    }
}
