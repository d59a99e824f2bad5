package dev.antiphon.bench;

import dev.antiphon.bench.row.BurstRow;
import dev.antiphon.bench.row.CapacityRow;
import dev.antiphon.bench.row.FanOutRow;
import dev.antiphon.bench.row.FirstChunkRow;
import dev.antiphon.bench.row.IdleRow;
import dev.antiphon.bench.row.LoadRow.Setting;
import dev.antiphon.bench.row.LongSessionRow;
import dev.antiphon.bench.row.PacedRow;
import dev.antiphon.bench.row.ProviderRow;
import dev.antiphon.bench.row.RedisMemoryRow;
import dev.antiphon.bench.row.RestartRow;
import dev.antiphon.bench.row.Row;
import dev.antiphon.bench.row.StormRow;

import java.util.List;
import java.util.Set;

/// The rows of the table.
public final class Rows {

    private static final String NODE = "node";
    private static final String RESUMABLE = "resumable";
    private static final String NCHAN = "nchan";
    private static final String LANGGRAPH = "langgraph";

    private Rows() {}

    /// All rows, in the order of the table. Rows with the same setting stand together, because they share systems.
    public static List<Row> all() {
        return List.of(
                new FirstChunkRow(Set.of(NODE, RESUMABLE, NCHAN)),
                new BurstRow(64, Set.of(NODE, RESUMABLE, NCHAN, LANGGRAPH)),
                new BurstRow(256, Set.of(NODE, RESUMABLE, NCHAN)),
                new FanOutRow(500, Setting.BURST, Set.of(NODE, NCHAN)),
                new FanOutRow(1_000, Setting.BURST, Set.of(NODE, NCHAN)),
                new LongSessionRow(80),
                // 500 answers of 20 entries: the log is as long as it gets.
                new LongSessionRow(500),
                new StormRow(2_000, 500),
                new RedisMemoryRow(Set.of(RESUMABLE, NCHAN)),
                new IdleRow(10_000, Set.of(NODE, NCHAN)),
                new PacedRow(400, Set.of(NODE, RESUMABLE, NCHAN)),
                new PacedRow(1_400, Set.of(NODE, RESUMABLE)),
                new FanOutRow(500, Setting.PACED, Set.of(NODE, NCHAN)),
                new FanOutRow(1_000, Setting.PACED, Set.of(NODE, NCHAN)),
                new CapacityRow(400, 6_400, Set.of(NODE)),
                new ProviderRow(100, Set.of(NODE)),
                new ProviderRow(500, Set.of(NODE)),
                new RestartRow());
    }
}
