/// A LangGraph server as a provider: the message runs there, and a worker joins its stream again as often as necessary.
/// The entry point is {@link dev.antiphon.providers.langgraph.LangGraphProvider}.
@NullMarked
package dev.antiphon.providers.langgraph;

import org.jspecify.annotations.NullMarked;
