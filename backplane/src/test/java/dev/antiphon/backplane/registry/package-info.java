/// Connections and leases, on a real Redis.
@NullMarked
package dev.antiphon.backplane.registry;

import org.jspecify.annotations.NullMarked;
