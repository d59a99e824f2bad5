package dev.antiphon.providers;

import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.StreamCall;

import org.jspecify.annotations.Nullable;

/// Passes on the pieces of one answer from inside a library or the transport, which would treat exceptions of the sink
/// as their own. Keeps an exception of the sink, and stops the stream.
public final class Outlet {

    /// Characters of an answer, including its reasoning, that are held in memory until it ends. Five minutes of the
    /// fastest models are half as many.
    private static final int MAX_ANSWER = 2 << 20;

    private int length;
    private @Nullable InterruptedException interrupt;
    private @Nullable RuntimeException broken;

    /// One call of the sink.
    @FunctionalInterface
    public interface Piece {
        void write() throws InterruptedException;
    }

    /// Passes on a piece of the answer.
    ///
    /// @param text of the piece, which counts towards the limit of the answer
    public void pass(StreamCall stream, String text, Piece piece) {
        stream.answering();
        length += text.length();
        if (length > MAX_ANSWER) {
            stream.broke(new Breakage.AnswerTooLong());
        } else {
            tell(stream, piece);
        }
    }

    /// Like {@link #pass}, for calls that are not pieces of the answer.
    public void tell(StreamCall stream, Piece piece) {
        if (interrupt != null || broken != null) {
            return; // the rest of an event whose first piece was not taken
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

    /// Throws the exception of the sink, if it threw one.
    public void throwWhatTheSinkThrew() throws InterruptedException {
        if (interrupt != null) {
            throw interrupt;
        }
        if (broken != null) {
            throw broken;
        }
    }
}
