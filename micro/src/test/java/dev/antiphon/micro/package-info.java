/// Benchmarks of the methods that every chunk passes through.
@NullMarked
package dev.antiphon.micro;

import org.jspecify.annotations.NullMarked;
