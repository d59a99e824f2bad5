package dev.antiphon.simulation;

import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.PodId;

/// A registered connection.
record Member(PodId pod, ConnectionId connection) {}
