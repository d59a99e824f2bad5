package dev.antiphon.bench.row;

import java.time.Duration;

/// How long things are measured.
///
/// @param rounds how often each row is measured at each system, in turns
/// @param warmUp load on each system after its start, before anything is measured
/// @param settle load before each window
/// @param window what is counted
/// @param rest how long to wait before Redis' memory is read
/// @param use load before the start of `up` is measured
public record Times(
        int rounds,
        Duration warmUp,
        Duration settle,
        Duration window,
        Duration rest,
        Duration use) {

    /// Shorter windows miss work that is done after an answer, and JVMs need half a minute to compile what is hot.
    public static Times usual(int rounds, Duration window) {
        return new Times(
                rounds,
                Duration.ofSeconds(30),
                Duration.ofSeconds(3),
                window,
                Duration.ofMinutes(1),
                Duration.ofMinutes(7));
    }
}
