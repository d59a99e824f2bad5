package dev.antiphon.backplane.history;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Finds the next piece of a log that can go into the history: the shortest one that ends at the end of a page and
/// where no answer is unfinished.
///
/// An answer can fill any number of pages, and others can end inside it. So pages are read until all begun answers are
/// complete. The log is settled up to there and never further, because the part before that point is not read again.
public final class Settlement {

    /// Reads the log of one session.
    public interface Pages {

        /// Reads the entries after an entry; the first page begins after the settled ones.
        ///
        /// @return empty when there is nothing to settle
        CompletionStage<Optional<LogPage>> page(@Nullable EntryId after);
    }

    private final Pages pages;
    private final Turns turns = new Turns();

    /// The last entry at which no answer was unfinished.
    private @Nullable EntryId mark;

    /// Turns that have ended at the mark.
    private int complete;

    private boolean incomplete;

    private Settlement(Pages pages) {
        this.pages = pages;
    }

    /// Reads as many pages as necessary.
    ///
    /// @return empty when nothing can be settled now
    public static CompletionStage<Optional<Unsettled>> read(Pages pages) {
        return new Settlement(pages).after(null);
    }

    private CompletionStage<Optional<Unsettled>> after(@Nullable EntryId entry) {
        return pages.page(entry)
                .thenCompose(page ->
                        page.isEmpty()
                                ? CompletableFuture.completedStage(Optional.empty())
                                : taken(page.get(), entry));
    }

    private CompletionStage<Optional<Unsettled>> taken(LogPage page, @Nullable EntryId after) {
        long expected = (after == null ? page.settled() : after.number()) + 1;
        if (page.entries().isEmpty()) {
            return CompletableFuture.completedStage(
                    expected > page.ended() ? found(page) : gone(page));
        }
        if (page.entries().getFirst().id().number() != expected) {
            incomplete = true; // the missing part is no longer in the log
        }
        for (Entry entry : page.entries()) {
            turns.add(entry.event(), entry.data(), page.asked());
            if (entry.event() == EventName.MESSAGE_COMPLETE && !turns.areUnfinished()) {
                mark = entry.id();
                complete = turns.ended().size();
            }
        }
        EntryId last = page.entries().getLast().id();
        return last.number() >= page.ended() || complete > 0
                ? CompletableFuture.completedStage(found(page))
                : after(last);
    }

    private Optional<Unsettled> found(LogPage page) {
        return Optional.ofNullable(mark)
                .map(at ->
                        new Unsettled(
                                at.generation(),
                                at.number(),
                                at.hashHex(),
                                page.owner(),
                                page.incarnation(),
                                page.created(),
                                turns.ended().subList(0, complete),
                                at.number() < page.ended(),
                                incomplete || turns.lackABeginning()));
    }

    /// The log has expired or was evicted, with all its entries.
    private static Optional<Unsettled> gone(LogPage page) {
        return Optional.of(
                new Unsettled(
                        page.generation(),
                        page.ended(),
                        "",
                        page.owner(),
                        page.incarnation(),
                        page.created(),
                        List.of(),
                        false,
                        true));
    }
}
