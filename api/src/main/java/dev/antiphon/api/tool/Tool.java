package dev.antiphon.api.tool;

import tools.jackson.databind.node.ObjectNode;

/// A function that a model can call. Thread-safe: many runs call it at the same time.
///
/// An extension names its tools in `META-INF/services/dev.antiphon.api.tool.Tool` (docs/extending.md). The class needs
/// a public constructor without parameters. The worker closes a tool that is an {@link AutoCloseable} when it stops.
public interface Tool {

    /// The name that models use: letters, digits, `_` and `-`, 1 to 64 characters. Unique among the tools of a worker.
    String name();

    /// The name that `CHAT_TOOLS` and `context.tools` use. Default: {@link #name}.
    default String id() {
        return name();
    }

    /// For the model: what the tool does, and when to use it.
    String description();

    /// A JSON schema of type `object`, of the 2020-12 dialect unless it names another. The worker refuses arguments
    /// that do not fit, so they never reach the tool. The schema can refer only to schemas inside itself.
    ObjectNode parameters();

    /// Whether two calls with the same arguments have the same effect as one. Only then does a worker repeat a call
    /// after another worker died during it. Otherwise the model and the user learn that the outcome is unknown.
    boolean idempotent();

    /// Runs the tool, on a virtual thread of its own, and can block. An interrupt means that the result is no longer
    /// needed, because the user cancelled or the time limit has passed: stop soon.
    ///
    /// @param arguments fit the schema
    /// @param context who calls, and the key for services that take one
    /// @return the result for the model and the user; cut off after 16 KiB
    /// @throws ToolFailure when the tool did not work, with a reason that helps the model
    /// @throws InterruptedException when the thread was interrupted
    String call(ObjectNode arguments, ToolContext context) throws ToolFailure, InterruptedException;
}
