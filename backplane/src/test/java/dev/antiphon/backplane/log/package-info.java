/// One test class for each script of the log, and a model to compare all of them with.
@NullMarked
package dev.antiphon.backplane.log;

import org.jspecify.annotations.NullMarked;
