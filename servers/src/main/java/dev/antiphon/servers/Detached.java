package dev.antiphon.servers;

import java.nio.file.Path;
import java.util.List;

/// Starts a child in a session of its own.
///
/// A terminal sends Ctrl-C to its whole foreground process group. Children in the group of their JVM
/// would all stop at that moment, the stores before the processes that still write to them; in a
/// session of their own they wait for their parent to stop them in order.
final class Detached {
    // Both replace themselves with the program, so the process id stays the child's.
    private static final List<String> PREFIX =
            Executable.find("setsid")
                    .map(setsid -> List.of(setsid.toString()))
                    .or(() -> Executable.find("perl").map(Detached::perl))
                    // Everything works without it, but Ctrl-C then stops the children in no
                    // particular order.
                    .orElse(List.of());

    private Detached() {}

    /// Words to put in front of a command; empty if the system has no such tool.
    static List<String> prefix() {
        return PREFIX;
    }

    // macOS has perl and no setsid.
    private static List<String> perl(Path perl) {
        return List.of(
                perl.toString(),
                "-e",
                "use POSIX; POSIX::setsid(); exec { $ARGV[0] } @ARGV or exit 127");
    }
}
