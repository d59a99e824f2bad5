package dev.antiphon.api.tool;

import tools.jackson.databind.node.ObjectNode;

/// Something that a model may have done. Called from many runs at once.
///
/// An extension names its tools in `META-INF/services/dev.antiphon.api.tool.Tool` (docs/extending.md); the class needs a
/// public constructor without parameters. One that is an {@link AutoCloseable} is closed with the worker.
public interface Tool {

    /// What models call it: letters, digits, `_` and `-`, 1 to 64 characters, unlike all others.
    String name();

    /// What `CHAT_TOOLS` and `context.tools` call it. Default: the name.
    default String id() {
        return name();
    }

    /// For the model: what the tool does and when it helps.
    String description();

    /// A JSON schema (2020-12 unless it names another) of type `object`. Arguments that do not fit never reach the
    /// tool. Schemas that it refers to must be within it.
    ObjectNode parameters();

    /// Whether calling it twice with the same arguments does the same as calling it once. Only then is it called
    /// again after a worker died in the middle of it; otherwise model and user are told that the outcome is unknown.
    boolean idempotent();

    /// Does it. Blocks a virtual thread of its own. An interrupt means that nobody waits any more, because the user has
    /// cancelled or the time is over: stop soon.
    ///
    /// @param arguments fit the schema
    /// @return for the model and the user; all beyond 16 KiB is cut off
    /// @throws ToolFailure when it did not work, with a reason that helps the model
    /// @throws InterruptedException when interrupted
    String call(ObjectNode arguments, ToolContext context) throws ToolFailure, InterruptedException;
}
