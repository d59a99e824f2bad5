/// Extensions: the jars of one folder, and the services that they offer. Does not know what a service does.
@NullMarked
package dev.antiphon.worker.extension;

import org.jspecify.annotations.NullMarked;
