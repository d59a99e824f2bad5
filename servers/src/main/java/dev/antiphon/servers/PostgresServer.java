package dev.antiphon.servers;

import org.jspecify.annotations.Nullable;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A PostgreSQL as a child process, with one database and open to every user of this machine. PostgreSQL refuses to run
/// as root; it then runs as another user.
public final class PostgresServer extends Server {

    private static final String USER = "antiphon";

    /// The line of `postmaster.pid` with the status.
    private static final int STATUS_LINE = 7;

    private static final long INIT_SECONDS = 120;

    /// The first of them that exists; packages of PostgreSQL create the first.
    private static final List<String> OTHER_USERS = List.of("postgres", "nobody");

    private PostgresServer(@Nullable Path directory, int port) {
        super("postgres", directory, port == 0 ? Ports.free() : port);
    }

    /// A server on a free port, everything temporary and nothing synced: the choice of tests.
    ///
    /// @throws ServerStartException with one line that says what to do
    public static PostgresServer start() {
        return launched(true, () -> new PostgresServer(null, 0));
    }

    /// The address of its database, as `DATABASE_URL` takes it.
    @Override
    public String url() {
        return "postgres://" + USER + "@127.0.0.1:" + port() + "/postgres";
    }

    @Override
    List<String> command(Path executable) {
        Path data = directory().resolve("data");
        if (!Files.exists(data.resolve("PG_VERSION"))) {
            initialise(executable, data);
        }
        List<String> command = new ArrayList<>(asOtherUser());
        command.addAll(
                List.of(
                        executable.toString(),
                        "-D",
                        data.toString(),
                        "-p",
                        "" + port(),
                        "-c",
                        "listen_addresses=127.0.0.1",
                        "-c",
                        "unix_socket_directories=",
                        "-c",
                        "fsync=off"));
        return command;
    }

    private void initialise(Path executable, Path data) {
        try {
            Files.createDirectories(data);
            if (isRoot()) {
                UserPrincipal other = otherUser();
                Files.setOwner(directory(), other);
                Files.setOwner(data, other);
            }
            // Next to the real program: the file on PATH can be a link to it.
            Path initdb = executable.toRealPath().resolveSibling("initdb");
            List<String> command = new ArrayList<>(asOtherUser());
            command.addAll(
                    List.of(
                            initdb.toString(),
                            "-D",
                            data.toString(),
                            "-U",
                            USER,
                            "--auth=trust",
                            "--encoding=UTF8",
                            "--locale=C",
                            "--no-sync"));
            File log = directory().resolve("initdb.log").toFile();
            ChildProcess init =
                    ChildProcess.start(
                            new ProcessBuilder(command)
                                    .directory(directory().toFile())
                                    .redirectErrorStream(true)
                                    .redirectOutput(log));
            int code = init.onExit().orTimeout(INIT_SECONDS, TimeUnit.SECONDS).join();
            if (code != 0) {
                throw new ServerStartException(
                        ServerStartException.Reason.DIED,
                        "initdb failed: " + Files.readString(log.toPath()).strip());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    private static List<String> asOtherUser() {
        return isRoot()
                ? List.of("setpriv", "--reuid=" + otherUser().getName(), "--clear-groups")
                : List.of();
    }

    private static UserPrincipal otherUser() {
        for (String name : OTHER_USERS) {
            try {
                return FileSystems.getDefault()
                        .getUserPrincipalLookupService()
                        .lookupPrincipalByName(name);
            } catch (IOException _) {
                // try the next one
            }
        }
        throw new ServerStartException(
                ServerStartException.Reason.NOT_SERVING,
                "postgres refuses to run as root, and this machine has none of the users "
                        + OTHER_USERS);
    }

    @Override
    Probe probe(long pid) throws IOException {
        List<String> lines =
                Files.readAllLines(
                        directory().resolve("data").resolve("postmaster.pid"),
                        StandardCharsets.UTF_8);
        boolean ready =
                lines.size() > STATUS_LINE
                        && lines.getFirst().strip().equals("" + pid)
                        && lines.get(STATUS_LINE).strip().equals("ready");
        return ready ? new Probe.Ready() : new Probe.Starting();
    }

    /// SIGINT, because SIGTERM waits until all clients have left, and a pool never leaves.
    @Override
    void askToStop(ChildProcess process) {
        try {
            var _ =
                    new ProcessBuilder("kill", "-INT", "" + process.pid())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor(5, TimeUnit.SECONDS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    String installation() {
        return "apt-get install postgresql (Debian, Ubuntu), brew install postgresql@17 (macOS), or see"
                + " https://www.postgresql.org/download/";
    }
}
