/// Tools that models may have run: which there are, who may use them, and that their side effects happen at most once.
/// A further one is one class that implements {@link Tool}. Allowed imports: protocol, backplane.tools, worker.time,
/// the records of worker.provider that say what a model asks for, and the validator of JSON schemas.
@NullMarked
package dev.antiphon.worker.tool;

import org.jspecify.annotations.NullMarked;
