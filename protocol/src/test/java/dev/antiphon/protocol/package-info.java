/// The contract, literally: what PROTOCOL.md prints goes in or comes out byte for byte.
@NullMarked
package dev.antiphon.protocol;

import org.jspecify.annotations.NullMarked;
