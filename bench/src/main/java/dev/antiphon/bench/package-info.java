/// Measures a running system from outside, over HTTP, as browsers use it. Does not depend on the product's code.
@NullMarked
package dev.antiphon.bench;

import org.jspecify.annotations.NullMarked;
