package dev.antiphon.micro;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

import java.util.Collection;

/// Runs every benchmark once, so that none of them breaks unseen; with `-Dantiphon.measure=true` it measures instead
/// (docs/benchmarks.md).
final class MicroTest {

    private static final int FORKS = 2;
    private static final int ITERATIONS = 5;

    @Test
    void everyBenchmarkRuns() throws Exception {
        boolean measure = Boolean.getBoolean("antiphon.measure");
        ChainedOptionsBuilder options =
                new OptionsBuilder()
                        .include("dev\\.antiphon\\.micro\\..*Benchmark")
                        .shouldFailOnError(true);
        if (measure) {
            options.forks(FORKS)
                    .jvmArgsAppend("-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders")
                    .warmupIterations(ITERATIONS)
                    .warmupTime(TimeValue.seconds(1))
                    .measurementIterations(ITERATIONS)
                    .measurementTime(TimeValue.seconds(1));
        } else {
            options.forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(1))
                    .verbosity(VerboseMode.SILENT);
        }
        Collection<RunResult> results = new Runner(options.build()).run();
        assertThat(results).hasSizeGreaterThanOrEqualTo(8);
        assertThat(results)
                .allSatisfy(
                        result -> assertThat(result.getPrimaryResult().getScore()).isPositive());
    }
}
