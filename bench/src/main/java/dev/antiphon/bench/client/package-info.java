/// The load client: HTTP/1.1 and server-sent events on raw sockets. It shares the machine with the systems that it
/// measures, so it must cost little: one thread, no text decoded that is not compared, no object per event. It checks
/// every answer: text, order and number of the chunks.
@NullMarked
package dev.antiphon.bench.client;

import org.jspecify.annotations.NullMarked;
