/// The gateway: HTTP in, server-sent events out. {@link Gateway#open} assembles it; reading that method is reading
/// the architecture.
///
/// One process has ONE event loop, and every request, connection and feed lives on it: no locks are needed, no data
/// moves between threads, and a session's ready entries leave in one write. It is also the cheapest design: two loops
/// cost a tenth more CPU for each delivered event. To use more cores, run more pods, which can share a port.
@NullMarked
package dev.antiphon.gateway;

import org.jspecify.annotations.NullMarked;
