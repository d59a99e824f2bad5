package dev.antiphon.e2e.browser;

import java.util.List;

/// The chat page in one tab, described as its user sees it.
record ChatPage(Tab tab) {

    /// Types a message and presses Enter.
    void ask(String message) {
        tab.click("#input");
        tab.type(message);
        tab.pressEnter(false);
    }

    /// The questions, from top to bottom, as they are shown.
    List<String> questions() {
        return tab.texts(".call .text");
    }

    List<String> answers() {
        return tab.texts(".turn .answer");
    }

    void awaitConnected() {
        tab.until("document.querySelector('#connection').dataset.state === 'open'");
    }

    /// Waits until a turn says that this one of its versions is shown.
    void awaitVersions(String shown) {
        tab.until(
                "[...document.querySelectorAll('.turn .switch span')].some(e => e.textContent === '"
                        + shown
                        + "')");
    }

    /// Opens the list of chats until it has exactly these: a chat is listed a moment after its answer.
    void awaitListed(String... titles) {
        tab.until(
                """
                (async () => {
                  document.querySelector('#sessions').close();
                  document.querySelector('#chats').click();
                  await new Promise((tell) => setTimeout(tell, 200));
                  const titles = [...document.querySelectorAll('#sessions a')].map((e) => e.textContent);
                  return JSON.stringify(titles) === JSON.stringify(%s);
                })()\
                """
                        .formatted(DevTools.JSON.writeValueAsString(titles)));
    }

    /// Waits until the open list of chats has exactly one with this title and this word for its state.
    void awaitRow(String title, String state) {
        tab.until(
                "JSON.stringify([...document.querySelectorAll('#sessions li')].map((e) => [e.querySelector('a').textContent,"
                        + " e.querySelector('.state').textContent])) === "
                        + DevTools.JSON.writeValueAsString(
                                DevTools.JSON.writeValueAsString(List.of(List.of(title, state)))));
    }

    /// Waits until a worker offers the workflow, and picks it from the list.
    void pickWorkflow(String name) {
        tab.until(
                "fetch('api/workflows').then(r => r.json()).then(o => o.workflows.some(w => w.name === '"
                        + name
                        + "'))");
        tab.reload();
        tab.until("!document.querySelector('#picks select').hidden");
        tab.evaluate(
                """
                (() => {
                  const list = document.querySelector('#picks select');
                  list.selectedIndex = [...list.options].findIndex((option) => option.text === '%s');
                  list.dispatchEvent(new Event('change', { bubbles: true }));
                })()\
                """
                        .formatted(name));
    }

    /// Waits until an answer asks this.
    void awaitQuestion(String asked) {
        tab.until(
                "document.querySelector('.question:not([hidden]) .asked')?.textContent === "
                        + DevTools.JSON.writeValueAsString(asked));
    }

    void awaitAnswers(int complete) {
        tab.until("document.querySelectorAll('.turn[data-state=complete]').length === " + complete);
    }

    /// Waits until the newest answer has begun and shows this text.
    void awaitText(String text) {
        tab.until(
                "[...document.querySelectorAll('.turn .answer')].at(-1)?.innerText.includes("
                        + DevTools.JSON.writeValueAsString(text)
                        + ")");
    }
}
