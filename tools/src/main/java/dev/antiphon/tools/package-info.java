/// Tools that models may have run: which there are, who may use them, and that their side effects happen at most
/// once. A further one is one class that implements {@link Tool}.
@NullMarked
package dev.antiphon.tools;

import dev.antiphon.api.tool.Tool;

import org.jspecify.annotations.NullMarked;
