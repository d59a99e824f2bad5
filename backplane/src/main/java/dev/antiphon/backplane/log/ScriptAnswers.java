package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.Redis.list;
import static dev.antiphon.backplane.Redis.number;
import static dev.antiphon.backplane.Redis.text;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;

import java.util.ArrayList;
import java.util.List;

/// Reads the parts that the answers of several scripts have in common.
final class ScriptAnswers {

    private ScriptAnswers() {}

    static EntryId id(long generation, long number, Object hashHex) {
        return new EntryId(generation, number, Integer.parseUnsignedInt(text(hashHex), 16));
    }

    /// The entries behind the answer `OK gen first {hashes}`.
    static List<Entry> added(List<Object> answer, List<Batch.Addition> additions) {
        return entries(
                number(answer.get(1)), number(answer.get(2)), list(answer.get(3)), additions);
    }

    static List<Entry> entries(
            long generation, long first, List<Object> hashes, List<Batch.Addition> additions) {
        List<Entry> entries = new ArrayList<>(hashes.size());
        for (int i = 0; i < hashes.size(); i++) {
            Batch.Addition addition = additions.get(i);
            entries.add(
                    new Entry(
                            id(generation, first + i, hashes.get(i)),
                            addition.event(),
                            addition.data()));
        }
        return entries;
    }

    static IllegalStateException unexpected(List<Object> answer) {
        return new IllegalStateException(
                "unexpected answer of a script: " + text(answer.getFirst()));
    }
}
