/// Tests for extensions: a fake run, a scripted model, conformance tests for providers, model servers that a test
/// controls, and the streams of the known services.
@NullMarked
package dev.antiphon.testkit;

import org.jspecify.annotations.NullMarked;
