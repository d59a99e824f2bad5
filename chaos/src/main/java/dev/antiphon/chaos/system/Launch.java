package dev.antiphon.chaos.system;

import java.util.List;

/// Starts the product: returns the command line that runs one of its commands.
@FunctionalInterface
public interface Launch {
    List<String> command(String... arguments);
}
