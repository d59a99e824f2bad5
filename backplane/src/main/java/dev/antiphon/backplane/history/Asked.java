package dev.antiphon.backplane.history;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

/// A request and where it stands in its conversation.
///
/// @param parent the message that it follows, as the log has found it; null when it begins the conversation
public record Asked(WorkflowRequest request, @Nullable MessageId parent) {}
