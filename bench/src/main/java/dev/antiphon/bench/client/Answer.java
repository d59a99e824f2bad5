package dev.antiphon.bench.client;

import org.jspecify.annotations.Nullable;

/// One answer as its reader gets it, checked against the text that it must have.
public final class Answer {

    private static final byte[] CHUNK_ID = Event.ascii("\"chunk_id\":");
    private static final byte[] CHUNK = Event.ascii("\"chunk\":\"");

    private final Question question;
    private final byte[] field;
    private final long dueAt;
    private int position;
    private int chunks;

    /// @param dueAt when the message was to be sent; waits are counted from here, even if it was sent later
    public Answer(Question question, long dueAt) {
        this.question = question;
        this.field = Event.ascii("\"message_id\":\"" + question.id() + "\"");
        this.dueAt = dueAt;
    }

    public Question question() {
        return question;
    }

    public long dueAt() {
        return dueAt;
    }

    /// How many chunks have arrived.
    public int chunks() {
        return chunks;
    }

    /// How many bytes of text have arrived.
    public int position() {
        return position;
    }

    /// Takes its next chunk.
    ///
    /// @return null when it is the right one
    @Nullable Fault take(Event event) {
        if (!event.contains(field)) {
            return new Fault(Fault.Kind.STRAY, "not of " + question.id() + ": " + event.data());
        }
        int number = event.number(CHUNK_ID);
        if (number != chunks) {
            return new Fault(
                    Fault.Kind.ORDER,
                    question.id() + " has chunk " + number + " instead of " + chunks);
        }
        int matched = event.match(CHUNK, question.answer(), position);
        if (matched < 0) {
            return new Fault(
                    Fault.Kind.TEXT,
                    question.id() + " has another text in chunk " + chunks + ": " + event.data());
        }
        position = matched;
        chunks++;
        return null;
    }

    /// Takes its end.
    ///
    /// @return null when it is complete
    @Nullable Fault end() {
        if (position < question.answer().length) {
            return new Fault(
                    Fault.Kind.COUNT,
                    "%s ends after %d of %d bytes, in %d chunks"
                            .formatted(question.id(), position, question.answer().length, chunks));
        }
        if (question.chunks() > 0 && question.chunks() != chunks) {
            return new Fault(
                    Fault.Kind.COUNT,
                    question.id() + " has " + chunks + " chunks instead of " + question.chunks());
        }
        return null;
    }
}
