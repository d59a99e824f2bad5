package dev.antiphon.chaos.nemesis;

import dev.antiphon.chaos.history.Place;
import dev.antiphon.chaos.house.Member;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// What is to be struck, and what streams on it now.
///
/// @param member null for a server
/// @param tabs readers on a gateway; empty for all others
record Target(String name, @Nullable Member member, List<Place> inFlight, List<String> tabs) {}
