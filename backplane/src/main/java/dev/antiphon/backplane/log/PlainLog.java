package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Chunk;

import java.util.List;
import java.util.concurrent.CompletionStage;

/// The way of plain workers' chunks into the log. Plain workers know only the contract: they claim nothing and send
/// each chunk to every pod. All of these pods offer the chunks here, in any order; each chunk is appended once.
///
/// Promises as {@link SessionLog}, with one exception: a repeated call finds its chunks in the log and says so. An
/// interface because tests let its users' seconds pass at once.
public interface PlainLog {

    /// Appends the chunks of one message that are next.
    ///
    /// @param chunks of one message, at least one, ascending by chunk id
    /// @param closesGap whether a chunk may be appended although one before it is missing; a `status: gap` then takes
    ///     the place of the first missing chunk
    CompletionStage<Plain> append(List<Chunk> chunks, boolean closesGap);
}
