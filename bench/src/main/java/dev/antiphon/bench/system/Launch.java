package dev.antiphon.bench.system;

import java.util.List;

/// Starts the product: returns the command line that runs one of its commands, as the launcher would.
@FunctionalInterface
public interface Launch {
    List<String> command(String... arguments);
}
