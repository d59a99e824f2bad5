/// One test class for each script of the log, and a model that all of them are compared with.
@NullMarked
package dev.antiphon.backplane.log;

import org.jspecify.annotations.NullMarked;
