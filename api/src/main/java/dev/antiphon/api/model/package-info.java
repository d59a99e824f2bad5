/// Model providers: the calls that they answer, and how they answer them. An extension that brings one implements {@link
/// dev.antiphon.api.model.ModelProviderFactory}.
@NullMarked
package dev.antiphon.api.model;

import org.jspecify.annotations.NullMarked;
