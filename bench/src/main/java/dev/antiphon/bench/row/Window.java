package dev.antiphon.bench.row;

import dev.antiphon.bench.load.Counts;
import dev.antiphon.bench.load.Load;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.Machine;
import dev.antiphon.bench.system.Processes.Use;
import dev.antiphon.bench.system.RunningSystem;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A window of time in which a load was counted and the CPU of a system was read.
///
/// @param others CPU of all processes but this one, as far as the machine says
record Window(Counts counts, Use use, Duration length, Optional<Duration> others) {

    /// The value with the number of cores that neither the client nor the measured system used.
    private static final Measure ELSEWHERE =
            Measure.lower(Sample.ELSEWHERE, "cores used elsewhere", "");

    /// Work during a window.
    interface Work {
        void run() throws InterruptedException;
    }

    /// Counts a load that goes on by itself, and longer when no answer is complete by then.
    static Window over(Load load, RunningSystem system, Duration settle, Duration length)
            throws InterruptedException {
        Thread.sleep(settle);
        return over(
                load,
                system,
                () -> {
                    Thread.sleep(length);
                    load.awaitAnswer();
                });
    }

    /// Counts a load while some work is done.
    static Window over(Load load, RunningSystem system, Work work) throws InterruptedException {
        Use before = system.processes().use();
        Optional<Duration> othersBefore = Machine.othersCpu();
        load.beginCounting();
        long start = System.nanoTime();
        work.run();
        Duration length = Duration.ofNanos(System.nanoTime() - start);
        Counts counts = load.endCounting();
        Optional<Duration> others =
                Machine.othersCpu().flatMap(now -> othersBefore.map(now::minus));
        return new Window(counts, system.processes().use().since(before), length, others);
    }

    /// CPU of all processes in microseconds, by a number of things that were done.
    double micros(double things) {
        return things == 0 ? 0 : use.total().toNanos() / 1e3 / things;
    }

    double perSecond(double things) {
        return things / (length.toNanos() / 1e9);
    }

    /// A sample with CPU as its first value, by process.
    ///
    /// @param unit how many nanoseconds are one
    Sample sample(Map<Measure, Double> values, double things, double unit) {
        Map<String, Double> parts = new TreeMap<>();
        use.cpu()
                .forEach((name, cpu) ->
                        parts.put(name, things == 0 ? 0 : cpu.toNanos() / unit / things));
        return new Sample(byId(withElsewhere(values)), parts, faults(counts, things > 0));
    }

    private Map<Measure, Double> withElsewhere(Map<Measure, Double> values) {
        Map<Measure, Double> all = new HashMap<>(values);
        others.ifPresent(cpu -> {
            double nanos = (double) cpu.minus(use.total()).toNanos();
            all.put(ELSEWHERE, Math.max(0, nanos / length.toNanos()));
        });
        return all;
    }

    static Map<String, Double> byId(Map<Measure, Double> values) {
        Map<String, Double> byId = new TreeMap<>();
        values.forEach((measure, value) -> byId.put(measure.id(), value));
        return byId;
    }

    /// @param arrived whether anything came that can be counted
    static List<String> faults(Counts counts, boolean arrived) {
        List<String> faults = new ArrayList<>();
        counts.faults().forEach(fault -> faults.add(fault.toString()));
        if (counts.faultCount() > counts.faults().size()) {
            faults.add(counts.faultCount() + " faults in all");
        }
        if (!arrived) {
            faults.add("nothing arrived");
        }
        return faults;
    }
}
