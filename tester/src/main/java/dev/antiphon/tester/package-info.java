/// Runs an extension's workflow in a unit test: with the worker's engine, on a log in memory, without servers. Workers
/// can be killed at any step.
@NullMarked
package dev.antiphon.tester;

import org.jspecify.annotations.NullMarked;
