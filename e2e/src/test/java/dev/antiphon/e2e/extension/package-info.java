/// Extensions as a third party makes them: built by a Maven of their own and loaded by a worker.
@NullMarked
package dev.antiphon.e2e.extension;

import org.jspecify.annotations.NullMarked;
