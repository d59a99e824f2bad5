/// The checker's proof: it reports what is put into a good history, and nothing else.
@NullMarked
package dev.antiphon.chaos.check;

import org.jspecify.annotations.NullMarked;
