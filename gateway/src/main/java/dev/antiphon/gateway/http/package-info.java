/// The front door: HTTP in, problems and server-sent events out. A {@link FrontDoor} listens and lets requests in,
/// a {@link Router} finds the {@link Endpoint} of each, an {@link Exchange} is one request and its answer. Adding a
/// route is one class and one line in {@link Routes}.
///
/// Everything runs on the gateway's one event loop; nothing here blocks. Whatever comes in is checked here, and
/// every way to fail ends in a problem (RFC 9457) or a closed connection.
@NullMarked
package dev.antiphon.gateway.http;

import org.jspecify.annotations.NullMarked;
