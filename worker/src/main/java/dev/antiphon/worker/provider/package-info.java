/// Model providers: each streams the text of one model call. They know nothing of runs, logs or
/// queues. Allowed imports: protocol (for its values), and each provider's own client library.
@NullMarked
package dev.antiphon.worker.provider;

import org.jspecify.annotations.NullMarked;
