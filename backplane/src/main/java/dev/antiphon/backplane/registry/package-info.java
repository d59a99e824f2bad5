/// Signs of presence: the connections of each session and the leases of workers.
@NullMarked
package dev.antiphon.backplane.registry;

import org.jspecify.annotations.NullMarked;
