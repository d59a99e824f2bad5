/// Injects faults into a whole Antiphon of real processes while answers stream, records what readers see, and checks
/// it. Knows the product only from outside: command lines, HTTP, Redis' keys and NATS' monitoring page. Reads JSON with
/// the library's shared mapper, as any client could, because the product's own readers are under test.
@NullMarked
package dev.antiphon.chaos;

import org.jspecify.annotations.NullMarked;
