package dev.antiphon.cli;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.servers.ServerStartException;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParameterException;

/// The program: one command per process. Its bash launcher `antiphon` adds the commands that need no JVM, `test`
/// and `format`.
@Command(
        name = "antiphon",
        description = "Streams the answers of AI workflows to every browser that is watching.",
        subcommands = {
            UpCommand.class,
            GatewayCommand.class,
            WorkerCommand.class,
            BenchCommand.class,
            ChaosCommand.class,
            GraphCommand.class,
            RehearseCommand.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = Antiphon.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "  test     Run every check (arguments go to Maven).",
            "  format   Format all sources.",
        })
public final class Antiphon {
    /// The exit code of a command that failed; picocli uses 2 for a command line that it does not understand.
    static final int FAILED = 1;

    private Antiphon() {}

    public static void main(String... arguments) {
        String[] understood = arguments.length == 0 ? new String[] {"--help"} : arguments;
        System.exit(
                new CommandLine(new Antiphon())
                        .setExecutionExceptionHandler(oneLine())
                        .setParameterExceptionHandler(Antiphon::misunderstood)
                        .execute(understood));
    }

    // One line; picocli's default would bury it below the whole usage text.
    private static int misunderstood(ParameterException exception, String[] arguments) {
        CommandLine command = exception.getCommandLine();
        command.getErr()
                .println(
                        exception.getMessage()
                                + " (see: "
                                + command.getCommandSpec().qualifiedName()
                                + " --help)");
        return CommandLine.ExitCode.USAGE;
    }

    // An error that the user can correct arrives as an exception with one clear line; only a defect
    // of ours deserves a stack trace.
    private static IExecutionExceptionHandler oneLine() {
        return (exception, commandLine, _) -> {
            if (isForThePerson(exception)) {
                commandLine.getErr().println(exception.getMessage());
            } else {
                exception.printStackTrace(commandLine.getErr());
            }
            return FAILED;
        };
    }

    private static boolean isForThePerson(Exception exception) {
        return exception instanceof StartException
                || exception instanceof ServerStartException
                || exception instanceof Unavailable
                || exception instanceof IllegalArgumentException;
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Antiphon.class.getPackage().getImplementationVersion();
            return new String[] {"antiphon " + (version == null ? "(not packaged)" : version)};
        }
    }
}
