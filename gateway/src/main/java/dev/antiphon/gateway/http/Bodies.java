package dev.antiphon.gateway.http;

/// Counts the requests with a body that are in progress: from before the first byte is read until the answer ends or a
/// stream begins. Further ones get the answer to try again.
final class Bodies {

    /// 64 MiB of bodies, and a tenth of the calls that can wait for Redis.
    static final int MOST = 1_000;

    private int underWay;

    /// Makes room for one more.
    ///
    /// @return false when there is no room
    boolean begin() {
        if (underWay == MOST) {
            return false;
        }
        underWay++;
        return true;
    }

    void end() {
        underWay--;
    }
}
