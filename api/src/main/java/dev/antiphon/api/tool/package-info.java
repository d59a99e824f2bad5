/// Tools that models may call. An extension that brings one implements {@link dev.antiphon.api.tool.Tool}.
@NullMarked
package dev.antiphon.api.tool;

import org.jspecify.annotations.NullMarked;
