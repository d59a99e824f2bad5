/// A LangGraph server as a provider: the message runs there, and its stream is joined again as often as it takes.
/// {@link dev.antiphon.worker.provider.langgraph.LangGraphProvider} is the door. Allowed imports: protocol,
/// worker.provider, worker.provider.http, worker.time, LangChain4j's HTTP interfaces.
@NullMarked
package dev.antiphon.worker.provider.langgraph;

import org.jspecify.annotations.NullMarked;
