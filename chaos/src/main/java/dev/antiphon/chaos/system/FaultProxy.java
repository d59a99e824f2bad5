package dev.antiphon.chaos.system;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The connections of one process to one server, which can be cut or frozen.
///
/// Data that is on its way when the link freezes is delivered when it heals, as TCP does after a partition: that is how
/// late writes of a zombie reach the server.
final class FaultProxy implements AutoCloseable {

    private enum State {
        OPEN,
        SILENT,
        CUT,
        CLOSED
    }

    private static final int BUFFER_BYTES = 16 * 1024;

    private final ServerSocket listener;
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    /// Guards the state.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    private State state = State.OPEN;

    private FaultProxy(ServerSocket listener, int target) {
        this.listener = listener;
        this.target = target;
    }

    /// Starts to listen on a free port of this machine and to pass everything on to the port `target`.
    static FaultProxy open(int target) {
        try {
            var proxy =
                    new FaultProxy(
                            new ServerSocket(0, 128, InetAddress.ofLiteral("127.0.0.1")), target);
            Thread.ofVirtual().name("proxy-" + target).start(proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    /// Resets all connections, and each new one at once.
    void cut() {
        become(State.CUT);
        sockets.forEach(FaultProxy::reset);
    }

    /// Passes nothing on, in either direction, without any notice. New connections are accepted and left waiting.
    void freeze() {
        become(State.SILENT);
    }

    void heal() {
        become(State.OPEN);
    }

    private void become(State next) {
        lock.lock();
        try {
            if (state != State.CLOSED) {
                state = next;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Waits while the link is frozen.
    ///
    /// @return whether bytes can pass
    private boolean passes() throws InterruptedException {
        lock.lock();
        try {
            while (state == State.SILENT) {
                changed.await();
            }
            return state == State.OPEN;
        } finally {
            lock.unlock();
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                sockets.add(client);
                Thread.ofVirtual().start(() -> connect(client));
            } catch (IOException _) {
                // Closed; the loop detects it.
            }
        }
    }

    private void connect(Socket client) {
        Socket server = new Socket();
        sockets.add(server);
        try {
            if (passes()) {
                server.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), target));
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                Thread back = Thread.ofVirtual().start(() -> pump(server, client));
                pump(client, server);
                back.join();
            }
        } catch (IOException _) {
            // The server is down: the reset informs the client.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            reset(client);
            reset(server);
            sockets.remove(client);
            sockets.remove(server);
        }
    }

    private void pump(Socket from, Socket to) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0 && passes(); read = in.read(buffer)) {
                out.write(buffer, 0, read);
            }
            to.shutdownOutput();
        } catch (IOException _) {
            // One side is gone, so the other must be closed too.
            reset(from);
            reset(to);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// No linger: the other side gets RST, not FIN.
    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException _) {
            // It was already closed.
        }
    }

    @Override
    public void close() {
        become(State.CLOSED);
        sockets.forEach(FaultProxy::reset);
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
