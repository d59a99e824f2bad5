package dev.antiphon.servers;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;

/// A nats-server (2.9 or later) as a child process.
public final class NatsServer extends Server {
    private static final int PROBE_TIMEOUT_MILLIS = 500;
    private static final int INFO_LINE_BYTES = 8 << 10;

    private final Options options;
    private final OptionalInt monitoringPort;

    // Announced in the INFO line, so that another server on our port is not mistaken for ours.
    private final String serverName = "antiphon-" + UUID.randomUUID();

    /// The settings of a start.
    ///
    /// @param directory the folder of its data and log; null: a temporary one, deleted by [#close()]
    /// @param port 0: a free one
    /// @param jetStream whether it has JetStream, stored in `directory`
    /// @param monitoring whether it serves its HTTP monitoring pages
    /// @param monitoringPort 0: a free one
    /// @param login the `user:password` that clients need; null: none
    public record Options(
            @Nullable Path directory,
            int port,
            boolean jetStream,
            boolean monitoring,
            int monitoringPort,
            @Nullable String login) {
        /// JetStream on, monitoring off, everything temporary: the choice of most tests.
        public static Options temporary() {
            return new Options(null, 0, true, false, 0, null);
        }

        public Options in(Path directory) {
            return new Options(directory, port, jetStream, monitoring, monitoringPort, login);
        }

        public Options onPort(int port) {
            return new Options(directory, port, jetStream, monitoring, monitoringPort, login);
        }

        public Options withoutJetStream() {
            return withJetStream(false);
        }

        public Options withJetStream(boolean jetStream) {
            return new Options(directory, port, jetStream, monitoring, monitoringPort, login);
        }

        public Options withMonitoring(int monitoringPort) {
            return new Options(directory, port, jetStream, true, monitoringPort, login);
        }

        public Options withLogin(String user, String password) {
            return new Options(
                    directory, port, jetStream, monitoring, monitoringPort, user + ":" + password);
        }
    }

    private NatsServer(Options options) {
        super(
                "nats-server",
                options.directory(),
                options.port() == 0 ? Ports.free() : options.port());
        this.options = options;
        this.monitoringPort = monitoringPort(options);
    }

    private static OptionalInt monitoringPort(Options options) {
        if (!options.monitoring()) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(
                options.monitoringPort() == 0 ? Ports.free() : options.monitoringPort());
    }

    /// A server with [Options#temporary()].
    public static NatsServer start() {
        return start(Options.temporary());
    }

    /// Starts a server and returns when it serves, with JetStream if `options` ask for it.
    ///
    /// @throws ServerStartException with one line that says what to do
    public static NatsServer start(Options options) {
        boolean freePorts =
                options.port() == 0 || (options.monitoring() && options.monitoringPort() == 0);
        return launched(freePorts, () -> new NatsServer(options));
    }

    @Override
    public String url() {
        return "nats://127.0.0.1:" + port();
    }

    /// The port of the monitoring pages (`/varz`, `/jsz`, …); empty if they are off.
    public OptionalInt monitoringPort() {
        return monitoringPort;
    }

    @Override
    List<Integer> ports() {
        List<Integer> ports = new ArrayList<>(List.of(port()));
        monitoringPort.ifPresent(ports::add);
        return ports;
    }

    @Override
    List<String> command(Path executable) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                executable.toString(),
                                "--addr",
                                "127.0.0.1",
                                "--port",
                                "" + port(),
                                "--server_name",
                                serverName));
        if (options.jetStream()) {
            command.addAll(List.of("--jetstream", "--store_dir", directory().toString()));
        }
        monitoringPort.ifPresent(port -> command.addAll(List.of("--http_port", "" + port)));
        String login = options.login();
        if (login != null) {
            int colon = login.indexOf(':');
            command.addAll(
                    List.of(
                            "--user",
                            login.substring(0, colon),
                            "--pass",
                            login.substring(colon + 1)));
        }
        return command;
    }

    @Override
    Probe probe(long pid) throws IOException {
        String info = info();
        if (!info.contains("\"server_name\":\"" + serverName + "\"")) {
            return new Probe.Starting();
        }
        if (options.jetStream() && !info.contains("\"jetstream\":true")) {
            return new Probe.Wrong(
                    "nats-server runs without JetStream although it was requested: install version 2.9 or later");
        }
        boolean monitored =
                monitoringPort.isEmpty() || Ports.answers("127.0.0.1", monitoringPort.getAsInt());
        return monitored ? new Probe.Ready() : new Probe.Starting();
    }

    /// The line with which a NATS server greets every client.
    private String info() throws IOException {
        try (var socket = new Socket()) {
            socket.setSoTimeout(PROBE_TIMEOUT_MILLIS);
            socket.connect(
                    new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port()),
                    PROBE_TIMEOUT_MILLIS);
            var in = socket.getInputStream();
            var line = new StringBuilder();
            for (int b = in.read();
                    b != -1 && b != '\n' && line.length() < INFO_LINE_BYTES;
                    b = in.read()) {
                line.append((char) b);
            }
            return line.toString();
        }
    }

    @Override
    String installation() {
        return "apt-get install nats-server (Debian, Ubuntu), brew install nats-server (macOS), or see"
                + " https://docs.nats.io/running-a-nats-service/introduction/installation";
    }
}
