/// Measures running systems from outside, over HTTP, as browsers use them. Does not depend on the product's code:
/// PROTOCOL.md describes all that it knows.
@NullMarked
package dev.antiphon.bench;

import org.jspecify.annotations.NullMarked;
