/// The gateway: HTTP in, server-sent events out. {@link Gateway#open} assembles it; reading that method is reading
/// the architecture.
///
/// One process has ONE event loop, and every request, connection and feed lives on it: nothing needs a lock,
/// nothing is handed between threads, and a session's ready entries leave in one write. It is also the cheapest:
/// two loops cost a tenth more CPU for each delivered event (STACK.md). More cores are used by more pods, which may
/// share a port.
@NullMarked
package dev.antiphon.gateway;

import org.jspecify.annotations.NullMarked;
