package dev.antiphon.engine.run;

/// The last piece of the last model call. It is not written until more text follows, because the last piece of an
/// answer goes into its final chunk. Not thread-safe.
final class HeldPiece {

    /// The key for no step.
    private static final String FINISHED = "";

    private String text;

    /// The step that wrote it; {@link #FINISHED} when that step has finished.
    private String step = FINISHED;

    private String whenStepFinished;

    /// @param text held when the last step finished; empty for none
    HeldPiece(String text) {
        this.text = text;
        this.whenStepFinished = text;
    }

    void hold(String step, String text) {
        this.step = step;
        this.text = text;
    }

    boolean isEmpty() {
        return text.isEmpty();
    }

    String text() {
        return text;
    }

    String step() {
        return step;
    }

    /// Returns the text, which is not held any longer.
    String release() {
        String released = text;
        text = "";
        return released;
    }

    /// Records that a step has finished, so that no step repeats this text.
    void stepFinished() {
        step = FINISHED;
        whenStepFinished = text;
    }

    /// The text that was held when the last step finished.
    String whenStepFinished() {
        return whenStepFinished;
    }
}
