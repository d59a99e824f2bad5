package dev.antiphon.chaos.nemesis;

import dev.antiphon.chaos.history.MessageRef;
import dev.antiphon.chaos.system.Member;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// The target of a fault, and the answers that stream through it now.
///
/// @param member null for a server
/// @param tabs readers of a gateway; empty for all others
record Target(String name, @Nullable Member member, List<MessageRef> inFlight, List<String> tabs) {}
