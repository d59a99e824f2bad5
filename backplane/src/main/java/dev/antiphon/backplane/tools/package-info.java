/// The state of a message's tool calls: begun, and with which result. Fenced by the run's token, so that a worker that
/// was replaced begins no more calls.
@NullMarked
package dev.antiphon.backplane.tools;

import org.jspecify.annotations.NullMarked;
