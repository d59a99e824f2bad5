/// A LangGraph server as a provider: the message runs there, and its stream is joined again as often as it takes.
/// {@link dev.antiphon.providers.langgraph.LangGraphProvider} is the door.
@NullMarked
package dev.antiphon.providers.langgraph;

import org.jspecify.annotations.NullMarked;
