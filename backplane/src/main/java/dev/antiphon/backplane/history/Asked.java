package dev.antiphon.backplane.history;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

/// A request and its place in its conversation.
///
/// @param parent the message that this one follows, as the log found it; null when it begins the conversation
public record Asked(WorkflowRequest request, @Nullable MessageId parent) {}
