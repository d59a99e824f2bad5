package dev.antiphon.gateway.http;

import dev.antiphon.gateway.stream.EventOutlet;

import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerResponse;

/// A subscriber's way to its browser.
final class SseOutlet implements EventOutlet {

    private final HttpServerResponse response;
    private final HttpConnection connection;
    private final SharedBuffers buffers;
    private Runnable drained = () -> {};
    private int waiting;
    private boolean broken;

    SseOutlet(HttpServerResponse response, HttpConnection connection, SharedBuffers buffers) {
        this.response = response;
        this.connection = connection;
        this.buffers = buffers;
    }

    /// Sets the action that runs when all bytes have left and the outlet was not writable meanwhile.
    void whenDrained(Runnable drained) {
        this.drained = drained;
    }

    @Override
    public void write(byte[] bytes) {
        if (broken || response.ended() || response.closed()) {
            return;
        }
        Future<Void> written = response.write(buffers.of(bytes));
        if (written.isComplete()) {
            broken |= written.failed();
        } else {
            waiting++;
            written.onComplete(this::written);
        }
    }

    private void written(AsyncResult<Void> result) {
        waiting--;
        broken |= result.failed();
        if (waiting == 0 && !broken) {
            drained.run();
        }
    }

    /// A broken connection is never writable: its close handler is about to run.
    @Override
    public boolean writable() {
        return waiting == 0 && !broken;
    }

    @Override
    public long bytesWaiting() {
        return TcpConnection.bytesWaiting(connection);
    }

    @Override
    public void end() {
        if (!response.ended() && !response.closed()) {
            response.end();
        }
    }

    @Override
    public void abort() {
        TcpConnection.cut(connection);
    }
}
