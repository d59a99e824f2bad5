/// How model services are called over HTTP: one streamed answer on the calling virtual thread, with limits, and
/// cancelled by an interrupt at any time. LangChain4j's models send through {@link StreamingTransport}. Knows no provider and
/// nothing of runs. Allowed imports: LangChain4j's HTTP interfaces, the protocol's JSON.
@NullMarked
package dev.antiphon.worker.provider.http;

import org.jspecify.annotations.NullMarked;
