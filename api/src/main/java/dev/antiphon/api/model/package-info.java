/// Model providers: the calls that they answer, and how they answer them. An extension with a provider implements
/// {@link dev.antiphon.api.model.ModelProviderFactory} and {@link dev.antiphon.api.model.ModelProvider}.
@NullMarked
package dev.antiphon.api.model;

import org.jspecify.annotations.NullMarked;
