package dev.antiphon.chaos.house;

import java.util.List;

/// How the product is started: the words of a command line that runs one of its commands.
@FunctionalInterface
public interface Launch {
    List<String> command(String... arguments);
}
