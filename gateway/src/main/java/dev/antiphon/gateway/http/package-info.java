/// The front door: HTTP in, problems and server-sent events out. A {@link FrontDoor} listens and lets requests in, a
/// {@link Router} finds the {@link Endpoint} of each, an {@link Exchange} is one request and its answer. A new route is
/// one class and one line in {@link Routes}.
///
/// Everything runs on the gateway's one event loop; nothing here blocks. All input is checked here, and every failure
/// ends in a problem (RFC 9457) or a closed connection.
@NullMarked
package dev.antiphon.gateway.http;

import org.jspecify.annotations.NullMarked;
