/// The promises of PROTOCOL.md, kept by several processes together on real servers.
@NullMarked
package dev.antiphon.e2e.system;

import org.jspecify.annotations.NullMarked;
