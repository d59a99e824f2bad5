/// Code of others: the jars of one folder, and the services that they offer. Knows nothing of what a service does.
@NullMarked
package dev.antiphon.worker.extension;

import org.jspecify.annotations.NullMarked;
