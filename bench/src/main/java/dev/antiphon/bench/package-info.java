/// Measures a running system from outside, over HTTP, as browsers would use it. Knows nothing of the product's
/// code.
@NullMarked
package dev.antiphon.bench;

import org.jspecify.annotations.NullMarked;
