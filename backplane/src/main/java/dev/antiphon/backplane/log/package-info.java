/// The session log and the run records: one Lua script per operation, so that each is atomic and fenced in one round
/// trip. Redis alone decides which caller may append and in which order.
@NullMarked
package dev.antiphon.backplane.log;

import org.jspecify.annotations.NullMarked;
