/// What the tests of whole systems share: real servers with our processes as they are shipped, and a client that reads
/// a stream as it comes.
@NullMarked
package dev.antiphon.e2e.house;

import org.jspecify.annotations.NullMarked;
