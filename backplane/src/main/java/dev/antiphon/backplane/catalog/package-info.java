/// Models and workflows that a request can name, as announced by the workers that have them.
@NullMarked
package dev.antiphon.backplane.catalog;

import org.jspecify.annotations.NullMarked;
