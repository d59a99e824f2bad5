/// The contract, literally: PROTOCOL.md's examples go in or come out byte for byte.
@NullMarked
package dev.antiphon.protocol;

import org.jspecify.annotations.NullMarked;
