package dev.antiphon.api.workflow;

import tools.jackson.databind.node.ObjectNode;

import java.io.Serial;

/// Thrown through a step that asks its user, to park the run. Not a failure: let it pass.
@SuppressWarnings("serial") // never serialized
public final class NeedsUser extends Exception {

    @Serial private static final long serialVersionUID = 1;

    private final ObjectNode question;

    /// A question that the run parks with.
    ///
    /// @param question JSON for the client
    public NeedsUser(ObjectNode question) {
        super("the run waits for its user", null, false, false);
        this.question = question;
    }

    /// The question, as JSON for the client.
    public ObjectNode question() {
        return question;
    }
}
