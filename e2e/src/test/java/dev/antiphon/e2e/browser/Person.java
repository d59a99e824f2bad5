package dev.antiphon.e2e.browser;

import java.net.URI;
import java.util.List;
import java.util.Map;

/// Someone at a browser: what is remembered in one of their tabs is there in the others, and nowhere else.
record Person(DevTools devTools, String context, List<String> lacking) {

    /// The same person with a browser that lacks something.
    ///
    /// @param name of what scripts do not find
    Person without(String name) {
        return new Person(devTools, context, List.of(name));
    }

    /// Opens a tab in a window of its own, so that it is seen beside the others, and returns when the page is loaded. A
    /// tab in the back draws nothing until it comes to the front.
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
