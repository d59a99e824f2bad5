/// What the tests of an extension need: model servers that a test controls, and the streams of the known services.
@NullMarked
package dev.antiphon.testkit;

import org.jspecify.annotations.NullMarked;
