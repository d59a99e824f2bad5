/// A person's steps on the chat page, in a real Chromium in front of real processes. The browser is driven over its
/// own DevTools protocol: {@link dev.antiphon.e2e.browser.DevTools} is all that takes, and nothing is downloaded for it.
@NullMarked
package dev.antiphon.e2e.browser;

import org.jspecify.annotations.NullMarked;
