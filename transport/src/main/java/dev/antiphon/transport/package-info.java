/// How model services are called over HTTP: one streamed answer on the calling virtual thread, with limits, and cancelled by an
/// interrupt at any time. Knows no provider and nothing of runs. {@link dev.antiphon.transport.ProviderTransport} is what
/// extensions see; {@link dev.antiphon.transport.StreamingTransport} is its inside, which our own providers use.
@NullMarked
package dev.antiphon.transport;

import org.jspecify.annotations.NullMarked;
