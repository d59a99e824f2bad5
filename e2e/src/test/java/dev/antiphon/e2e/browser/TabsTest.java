package dev.antiphon.e2e.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.e2e.installation.Installation;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// More tabs than a browser has connections to one server (six, over HTTP/1.1).
final class TabsTest {
    private static final int TABS = 8;

    @TempDir private static Path folder;
    private static Installation installation;
    private static Installation.Gateway gateway;
    private static Chromium chromium;

    @BeforeAll
    static void start() throws IOException {
        installation = Installation.open(folder);
        installation.worker(Map.of());
        gateway = installation.gateway(Map.of());
        chromium = Chromium.start(folder);
    }

    @AfterAll
    static void stop() {
        // Processes that had not started when the start failed do not exist.
        if (chromium != null) {
            chromium.close();
        }
        if (installation != null) {
            installation.close();
        }
    }

    private static List<ChatPage> open(Person person) {
        List<ChatPage> pages = new ArrayList<>();
        for (int i = 0; i < TABS; i++) {
            pages.add(new ChatPage(person.open(gateway.address())));
        }
        pages.forEach(ChatPage::awaitConnected);
        return pages;
    }

    /// Each tab asks, and has the answers to all its questions, in order and once.
    private static void talk(List<ChatPage> pages, int turn) {
        pages.forEach(page -> page.ask("question " + turn));
        for (ChatPage page : pages) {
            page.awaitAnswers(turn);
            assertThat(page.answers()).hasSize(turn);
            assertThat(page.answers().getLast())
                    .startsWith("I received your message: 'question " + turn + "'")
                    .endsWith("buffering system.");
        }
    }

    private static void tabsComeAndGo(Person person) {
        List<ChatPage> pages = open(person);
        talk(pages, 1);

        pages.removeFirst().tab().close(); // where no worker can be shared, it held the stream
        talk(pages, 2);

        pages.removeFirst().tab().crash();
        talk(pages, 3);

        ChatPage again = new ChatPage(person.open(pages.getFirst().tab().address()));
        again.awaitAnswers(3);
        again.ask("question 4");
        for (ChatPage both : List.of(again, pages.getFirst())) {
            both.awaitAnswers(4);
            assertThat(both.questions()).hasSize(4);
        }
        assertThat(again.answers()).isEqualTo(pages.getFirst().answers());
        pages.forEach(page -> page.tab().close());
        again.tab().close();
    }

    @Test
    void eightTabsOfEightChatsShareOneStreamInASharedWorker() {
        tabsComeAndGo(chromium.person());
    }

    @Test
    void eightTabsShareTheStreamOfOneOfThemWhereNoWorkerCanBeShared() {
        tabsComeAndGo(chromium.person().without("SharedWorker"));
    }
}
