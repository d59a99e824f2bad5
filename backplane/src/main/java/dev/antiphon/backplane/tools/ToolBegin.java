package dev.antiphon.backplane.tools;

/// Whether a tool may be called now.
public sealed interface ToolBegin {

    /// The intent is recorded: call it.
    record Begun() implements ToolBegin {}

    /// An earlier attempt has called it, and this came of it.
    ///
    /// @param outcome as {@link ToolJournal#end} was given it
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Done(byte[] outcome) implements ToolBegin {}

    /// An earlier attempt has begun a call here and not come back: whether it happened is not known. Not to be called
    /// again.
    record Unknown() implements ToolBegin {}

    /// The message has had too many calls.
    record TooMany() implements ToolBegin {}

    /// Another attempt owns the run, or it has ended: stop.
    record Fenced() implements ToolBegin {}
}
