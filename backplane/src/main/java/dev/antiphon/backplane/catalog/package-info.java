/// What may be named in a request: models and workflows, as the workers that have them announce it.
@NullMarked
package dev.antiphon.backplane.catalog;

import org.jspecify.annotations.NullMarked;
