package dev.antiphon.e2e.browser;

import java.net.URI;
import java.util.List;
import java.util.Map;

/// A browser user: the storage of one of their tabs is shared with the others, and with no one else.
record Person(DevTools devTools, String context, List<String> lacking) {

    /// The same user with a browser that lacks a feature.
    ///
    /// @param name of the object that scripts do not find
    Person without(String name) {
        return new Person(devTools, context, List.of(name));
    }

    /// Opens a tab in its own window, so that it is visible next to the others, and returns when the page is loaded. A
    /// background tab draws nothing until it comes to the front.
    Tab open(URI address) {
        String target =
                devTools.call(
                                null,
                                "Target.createTarget",
                                Map.of(
                                        "url",
                                        "about:blank",
                                        "browserContextId",
                                        context,
                                        "newWindow",
                                        true))
                        .path("targetId")
                        .asString();
        String session =
                devTools.call(
                                null,
                                "Target.attachToTarget",
                                Map.of("targetId", target, "flatten", true))
                        .path("sessionId")
                        .asString();
        var tab = new Tab(devTools, target, session);
        lacking.forEach(tab::lacks);
        tab.go(address);
        return tab;
    }
}
