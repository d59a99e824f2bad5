package dev.antiphon.servers;

import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A redis-server as a child process.
public final class RedisServer extends Server {
    private static final int PROBE_TIMEOUT_MILLIS = 500;

    private final List<String> further;
    private final boolean appendOnly;
    private final boolean syncsEveryWrite;

    /// The settings of a start.
    ///
    /// @param directory the folder of its data and log; null: a temporary one, deleted by [#close()]
    /// @param port 0: a free one
    /// @param appendOnly whether it writes an append-only file; without it, a restarted server is empty
    /// @param syncsEveryWrite whether the file is synced before each answer; otherwise every second, and a killed
    ///     server can lose answered writes if a sync was slow
    /// @param further more options of redis-server
    public record Options(
            @Nullable Path directory,
            int port,
            boolean appendOnly,
            boolean syncsEveryWrite,
            List<String> further) {
        public Options {
            further = List.copyOf(further);
        }

        /// Append-only file on, everything temporary: the choice of most tests.
        public static Options temporary() {
            return new Options(null, 0, true, false, List.of());
        }

        public Options in(Path directory) {
            return new Options(directory, port, appendOnly, syncsEveryWrite, further);
        }

        public Options onPort(int port) {
            return new Options(directory, port, appendOnly, syncsEveryWrite, further);
        }

        public Options withoutAppendOnly() {
            return new Options(directory, port, false, false, further);
        }

        /// Loses no write that it has answered.
        public Options syncingEveryWrite() {
            return new Options(directory, port, true, true, further);
        }

        /// With more options of redis-server, each a name and a value.
        public Options with(String... options) {
            return new Options(directory, port, appendOnly, syncsEveryWrite, List.of(options));
        }
    }

    private RedisServer(Options options) {
        super(
                "redis-server",
                options.directory(),
                options.port() == 0 ? Ports.free() : options.port());
        this.further = options.further();
        this.appendOnly = options.appendOnly();
        this.syncsEveryWrite = options.syncsEveryWrite();
    }

    /// A server with [Options#temporary()].
    public static RedisServer start() {
        return start(Options.temporary());
    }

    /// Starts a server and returns when it serves, with its stored data loaded.
    ///
    /// @throws ServerStartException with one line that says what to do
    public static RedisServer start(Options options) {
        return launched(options.port() == 0, () -> new RedisServer(options));
    }

    @Override
    public String url() {
        return "redis://127.0.0.1:" + port();
    }

    @Override
    List<String> command(Path executable) {
        List<String> command = new ArrayList<>();
        command.addAll(
                List.of(
                        executable.toString(),
                        "--bind",
                        "127.0.0.1",
                        "--port",
                        "" + port(),
                        "--dir",
                        directory().toString(),
                        "--appendonly",
                        appendOnly ? "yes" : "no",
                        // The documented loss at a power failure (1-2 s of text) depends on
                        // this setting.
                        "--appendfsync",
                        syncsEveryWrite ? "always" : "everysec",
                        // No snapshots in addition to the append-only file: they would only cost
                        // a fork.
                        "--save",
                        ""));
        command.addAll(further);
        return command;
    }

    @Override
    Probe probe(long pid) throws IOException {
        try (var socket = new Socket()) {
            socket.setSoTimeout(PROBE_TIMEOUT_MILLIS);
            socket.connect(
                    new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port()),
                    PROBE_TIMEOUT_MILLIS);
            // PING fails while the append-only file is loaded; INFO says which process answers.
            socket.getOutputStream()
                    .write("PING\r\nINFO server\r\nQUIT\r\n".getBytes(StandardCharsets.US_ASCII));
            var reader =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.US_ASCII));
            boolean answered = "+PONG".equals(reader.readLine());
            boolean ours = reader.lines().anyMatch(("process_id:" + pid)::equals);
            return answered && ours ? new Probe.Ready() : new Probe.Starting();
        }
    }

    @Override
    String installation() {
        return "apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS), or see"
                + " https://redis.io/docs/latest/operate/oss_and_stack/install/";
    }
}
