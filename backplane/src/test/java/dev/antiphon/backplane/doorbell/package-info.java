/// The doorbell, on real nats-servers.
@NullMarked
package dev.antiphon.backplane.doorbell;

import org.jspecify.annotations.NullMarked;
