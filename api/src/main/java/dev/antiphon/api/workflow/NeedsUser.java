package dev.antiphon.api.workflow;

import tools.jackson.databind.node.ObjectNode;

import java.io.Serial;

/// Thrown through a step that asks its user: the run parks. Not a failure.
@SuppressWarnings("serial") // never serialized
public final class NeedsUser extends Exception {

    @Serial private static final long serialVersionUID = 1;

    private final ObjectNode question;

    public NeedsUser(ObjectNode question) {
        super("the run waits for its user", null, false, false);
        this.question = question;
    }

    public ObjectNode question() {
        return question;
    }
}
