/// A user's steps on the chat page, in a real Chromium with real processes. The tests drive the browser over its own
/// DevTools protocol: {@link dev.antiphon.e2e.browser.DevTools} is sufficient for that, and nothing is downloaded.
@NullMarked
package dev.antiphon.e2e.browser;

import org.jspecify.annotations.NullMarked;
