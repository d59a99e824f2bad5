/// What may be named in a request: models and workflows, as the workers that have them announce it.
/// Allowed imports: protocol, backplane, Lettuce.
@NullMarked
package dev.antiphon.backplane.catalog;

import org.jspecify.annotations.NullMarked;
