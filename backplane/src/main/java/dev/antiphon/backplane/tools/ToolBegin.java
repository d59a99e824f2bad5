package dev.antiphon.backplane.tools;

/// Whether a tool may be called now.
public sealed interface ToolBegin {

    /// The intent is recorded: call it.
    record Begun() implements ToolBegin {}

    /// An earlier attempt has called it, with this outcome.
    ///
    /// @param outcome the bytes given to {@link ToolJournal#end}
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Done(byte[] outcome) implements ToolBegin {}

    /// An earlier attempt has begun a call here and has not recorded an outcome: whether the call happened is unknown.
    /// It must not be repeated.
    record Unknown() implements ToolBegin {}

    /// The message has had too many calls.
    record TooMany() implements ToolBegin {}

    /// Another attempt owns the run, or the run has ended: stop.
    record Fenced() implements ToolBegin {}
}
