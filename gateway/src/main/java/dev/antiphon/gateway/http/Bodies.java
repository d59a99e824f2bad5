package dev.antiphon.gateway.http;

/// How many requests with a body are under way: from before its first byte is read until its answer ends or a
/// stream begins. More are told
/// to try again.
final class Bodies {

    /// 64 MiB of bodies, and a tenth of the calls that may wait for Redis.
    static final int MOST = 1_000;

    private int underWay;

    /// Makes room for one more.
    ///
    /// @return false when there is none
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
