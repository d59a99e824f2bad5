package dev.antiphon.providers;

import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.StreamCall;

import org.jspecify.annotations.Nullable;

/// Hands the pieces of one answer on while a library or the transport is on the stack, which take what is thrown for their
/// own: what the sink throws is kept, and the stream is stopped.
final class Outlet {

    /// Characters of an answer, its reasoning included, which is held in memory until it ends. Five minutes of the fastest
    /// models are half of it.
    private static final int MAX_ANSWER = 2 << 20;

    private int length;
    private @Nullable InterruptedException interrupt;
    private @Nullable RuntimeException broken;

    interface Piece {
        void write() throws InterruptedException;
    }

    /// @param text of the piece, which counts for the answer's bound
    void pass(StreamCall stream, String text, Piece piece) {
        stream.answering();
        length += text.length();
        if (length > MAX_ANSWER) {
            stream.broke(new Breakage.AnswerTooLong());
        } else {
            tell(stream, piece);
        }
    }

    /// As {@link #pass}, but it is no piece of the answer.
    void tell(StreamCall stream, Piece piece) {
        if (interrupt != null || broken != null) {
            return; // the second half of an event whose first half was not taken
        }
        try {
            piece.write();
        } catch (InterruptedException e) {
            interrupt = e;
            stream.stop();
        } catch (RuntimeException e) {
            broken = e;
            stream.stop();
        }
    }

    void throwWhatTheSinkThrew() throws InterruptedException {
        if (interrupt != null) {
            throw interrupt;
        }
        if (broken != null) {
            throw broken;
        }
    }
}
