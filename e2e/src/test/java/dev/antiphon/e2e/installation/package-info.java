/// Shared by the tests of whole systems: real servers with our processes as they are shipped, and a client that reads a
/// stream as it arrives.
@NullMarked
package dev.antiphon.e2e.installation;

import org.jspecify.annotations.NullMarked;
