/// Tools that models can call. An extension with a tool implements {@link dev.antiphon.api.tool.Tool}.
@NullMarked
package dev.antiphon.api.tool;

import org.jspecify.annotations.NullMarked;
