package dev.antiphon.worker.tool;

import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

/// The hold on a run, in whose name tools are called.
public record ToolClaim(SessionId session, MessageId message, UserId user, Token token) {}
