/// Model providers: each streams the text of one model call. They know nothing of runs, logs or queues. Another service
/// of LangChain4j is one class like {@link OpenAiFactory}: it creates the model and the parameters of a request, and
/// reads the service's end mark and errors; {@link LangChainProvider} does the rest.
@NullMarked
package dev.antiphon.providers;

import org.jspecify.annotations.NullMarked;
