package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Chunk;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// Where the chunks of plain workers go: those that know only the contract, claim nothing and send each chunk to every
/// pod. All of these pods offer the chunks here, in whichever order they come; each is appended once.
///
/// Promises as {@link SessionLog}, but for one: a repetition finds its chunks in the log and is told so.
/// An interface because tests let its users' seconds pass at once.
public interface PlainLog {

    /// Appends those of one message's chunks that are next.
    ///
    /// @param chunks of one message, at least one, ascending by chunk id
    /// @param closesGap whether a chunk may be appended though one before it is missing; a `status: gap` then stands in
    ///     the place of the first that is missing
    CompletionStage<Plain> append(List<Chunk> chunks, boolean closesGap);
}
