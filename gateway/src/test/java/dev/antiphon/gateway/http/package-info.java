/// The front door's parts, one by one.
@NullMarked
package dev.antiphon.gateway.http;

import org.jspecify.annotations.NullMarked;
