/// Extensions as third parties write them: built by their own Maven and loaded by a worker.
@NullMarked
package dev.antiphon.e2e.extension;

import org.jspecify.annotations.NullMarked;
