/// HTTP client for model services: one streamed answer on the calling virtual thread, within time limits, which an
/// interrupt cancels at any time. It knows no provider and no run. Extensions see {@link
/// dev.antiphon.transport.ProviderTransport}; Antiphon's own providers use {@link
/// dev.antiphon.transport.StreamingTransport} inside it.
@NullMarked
package dev.antiphon.transport;

import org.jspecify.annotations.NullMarked;
