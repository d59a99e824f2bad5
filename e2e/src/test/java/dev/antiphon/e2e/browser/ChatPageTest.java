package dev.antiphon.e2e.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;

import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.servers.ChildProcess;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A user's steps on the chat page: a real Chromium with a real gateway, worker, NATS and Redis.
final class ChatPageTest {
    private static final Path SAMPLE = Path.of("..", "deploy", "sample", "index.html");
    private static final String ANSWER_END = "demonstrate the chunk buffering system.";

    @TempDir private static Path folder;
    private static Installation installation;
    private static Installation.Gateway gateway;
    private static Chromium chromium;
    private static HttpServer otherSite;

    private Person person;

    @BeforeAll
    static void start() throws IOException {
        otherSite =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        installation = Installation.open(folder);
        installation.worker(Map.of());
        gateway = installation.gateway(Map.of("CHAT_ALLOWED_ORIGINS", otherOrigin()));
        byte[] sample =
                Files.readString(SAMPLE)
                        .replace("http://localhost", gateway.address().toString())
                        .getBytes(StandardCharsets.UTF_8);
        otherSite.createContext(
                "/",
                exchange -> {
                    exchange.getResponseHeaders().set("Content-Type", "text/html");
                    exchange.sendResponseHeaders(200, sample.length);
                    exchange.getResponseBody().write(sample);
                    exchange.close();
                });
        otherSite.start();
        chromium = Chromium.start(folder);
    }

    @AfterAll
    static void stop() {
        otherSite.stop(0);
        // Processes that had not started when the start failed do not exist.
        if (chromium != null) {
            chromium.close();
        }
        if (installation != null) {
            installation.close();
        }
    }

    @BeforeEach
    void someoneNew() {
        person = chromium.person();
    }

    @Test
    void anAnswerAppearsWhileItIsWritten() {
        ChatPage page = open(gateway.address());
        page.ask("Hello, how are you?");

        page.awaitText("I received your");
        assertThat(page.answers().getFirst()).doesNotContain(ANSWER_END);
        page.awaitAnswers(1);
        assertThat(page.answers())
                .containsExactly(
                        "I received your message: 'Hello, how are you?' This is a demo response from"
                                + " the LangGraph workflow service. In a real implementation, this"
                                + " would integrate with AI models like GPT-4, Claude, etc. The"
                                + " response is being streamed token by token to demonstrate the chunk"
                                + " buffering system.");
        assertThat(page.tab().complaints()).isEmpty();
    }

    @Test
    void aReloadInTheMiddleOfAnAnswerContinuesIt() {
        ChatPage page = open(gateway.address());
        page.ask("reload " + "word ".repeat(30));
        page.awaitText("reload word");
        String before = page.answers().getFirst();

        page.tab().reload();
        page.awaitText("reload word");
        assertThat(page.answers().getFirst()).startsWith(before.strip());
        page.awaitAnswers(1);
        assertThat(page.answers().getFirst())
                .containsOnlyOnce("I received your message")
                .endsWith(ANSWER_END);
        assertThat(page.questions()).hasSize(1);
        assertThat(page.tab().complaints()).isEmpty();
    }

    @Test
    void twoTabsAreInStepAlsoWithWhatTheOtherAsked() {
        ChatPage first = open(gateway.address());
        first.ask("from the first");
        first.awaitText("I received");
        ChatPage second = open(first.tab().address());
        second.ask("from the second");

        List.of(first, second).forEach(page -> page.awaitAnswers(2));
        assertThat(second.questions()).containsExactly("from the first", "from the second");
        assertThat(first.questions()).isEqualTo(second.questions());
        assertThat(first.answers())
                .isEqualTo(second.answers())
                .allMatch(a -> a.endsWith(ANSWER_END));
    }

    @Test
    void aTabThatLostItsPlaceShowsTheConversationAgain() {
        ChatPage page = open(gateway.address());
        page.ask("remember me");
        page.awaitAnswers(1);
        List<String> before = page.answers();
        page.tab()
                .evaluate(
                        """
                        (() => {
                          dispatchEvent(new Event('pagehide'));
                          const key = Object.keys(localStorage).find((k) => k.startsWith('antiphon.session.'));
                          const forgotten = { ...JSON.parse(localStorage[key]), cursor: '1.1.0badc0de', messages: [] };
                          addEventListener('pagehide', () => (localStorage[key] = JSON.stringify(forgotten)));
                        })()\
                        """);

        page.tab().reload();
        page.awaitAnswers(1);
        assertThat(page.questions()).containsExactly("remember me");
        assertThat(page.answers()).isEqualTo(before);
        page.ask("and now");
        page.awaitAnswers(2);
        assertThat(page.tab().complaints()).isEmpty();
    }

    @Test
    void aSecondMessageIsShownAsQueuedUntilTheFirstIsAnswered() {
        ChatPage page = open(gateway.address());
        page.ask("one");
        page.awaitText("I received");
        page.ask("two");

        page.tab().until("document.querySelector('.still .doing')?.innerText.startsWith('Queued')");
        page.awaitAnswers(2);
        assertThat(page.answers().getLast()).startsWith("I received your message: 'two'");
    }

    @Test
    void anAnswerContinuesAtARestartedGatewayAfterItsGatewayWasKilled() {
        Installation.Gateway doomed = installation.gateway(Map.of());
        ChatPage page = open(doomed.address());
        page.ask("kill " + "word ".repeat(60));
        page.awaitText("kill word word");

        doomed.process().kill();
        page.tab().until("document.querySelector('#connection').dataset.state === 'reconnecting'");
        // Typed while no gateway runs: it must not be lost, nor be sent twice.
        page.ask("meanwhile");
        installation.gateway(doomed.port(), Map.of());

        page.awaitConnected();
        page.awaitAnswers(2);
        assertThat(page.answers().getFirst())
                .containsOnlyOnce("I received your message")
                .endsWith(ANSWER_END);
        assertThat(page.questions()).hasSize(2).last().isEqualTo("meanwhile");
    }

    @Test
    void echoedTextIsTextHoweverItLooks() {
        String hostile =
                "</script><img src=x onerror=window.owned=1> <b>bold</b> [x](javascript:alert(1))"
                        + " ![p](http://127.0.0.1:9/p.png) مرحبا 🎭";
        ChatPage page = open(gateway.address());
        page.ask(hostile);
        page.awaitAnswers(1);

        assertThat(page.questions()).containsExactly(hostile);
        assertThat(page.answers().getFirst())
                .contains("</script><img src=x onerror=window.owned=1> <b>bold</b>")
                .contains("[x](javascript:alert(1))");
        assertThat(
                        page.tab()
                                .evaluate(
                                        "document.querySelectorAll('.turn :is(img, script, b, iframe)')"
                                                + ".length + (window.owned ?? 0)")
                                .asInt())
                .isZero();
        assertThat(page.tab().complaints()).isEmpty();
    }

    @Test
    void markdownBecomesElementsAndAnotherTextBecomesTheSameElementsInPieces() {
        ChatPage page = open(gateway.address());
        String markdown =
                """
                # Title

                Some **bold** and `code`, [a link](https://example.com/a_(b)).

                - one
                - two
                  1. deep

                | a | b |
                |---|--:|
                | 1 | 2 |

                ```js
                const x = "</script>"; // why
                ```

                > quoted
                """;
        assertThat(
                        page.tab()
                                .evaluate(
                                        """
                                        (async (text) => {
                                          const { MarkdownView } = await import('/markdown.js');
                                          const [whole, pieces] = [0, 1].map(() => document.createElement('div'));
                                          new MarkdownView(whole).update(text);
                                          const view = new MarkdownView(pieces);
                                          for (let i = 1; i <= text.length; i++) view.update(text.slice(0, i));
                                          view.finish();
                                          const tags = [...whole.querySelectorAll('*')].map((e) => e.localName);
                                          return [whole.innerHTML === pieces.innerHTML, [...new Set(tags)].sort().join(' ')];
                                        })(%s)\
                                        """
                                                .formatted(
                                                        DevTools.JSON.writeValueAsString(markdown)))
                                .toString())
                .isEqualTo(
                        "[true,\"a blockquote button code div figcaption figure h1 li ol p pre span"
                                + " strong table tbody td th thead tr ul\"]");
    }

    @Test
    void aReaderWhoScrolledUpIsLeftWhereTheyAre() {
        ChatPage page = open(gateway.address());
        page.tab().size(800, 500);
        page.ask("line\n".repeat(12).strip());
        page.awaitAnswers(1);
        page.ask("again " + "word ".repeat(40));
        page.awaitText("again word");
        page.tab().scroll(-300);
        page.tab().until("!document.querySelector('#jump').hidden");
        String top = "document.querySelector('#scroller').scrollTop";
        // The wheel keeps turning for a moment.
        page.tab()
                .until(
                        "new Promise((tell) => { const was = %1$s; setTimeout(() => tell(%1$s === was), 200); })"
                                .formatted(top));
        int before = page.tab().evaluate(top).asInt();

        page.awaitAnswers(2);
        assertThat(page.tab().evaluate(top).asInt()).isEqualTo(before);
        page.tab().click("#jump");
        page.tab().until("document.querySelector('#jump').hidden");
    }

    @Test
    void shiftEnterBreaksTheLineAndEnterSends() {
        ChatPage page = open(gateway.address());
        page.tab().click("#input");
        page.tab().type("first");
        page.tab().pressEnter(true);
        page.tab().type("second");
        page.tab().pressEnter(false);

        page.awaitAnswers(1);
        assertThat(page.questions()).containsExactly("first\nsecond");
    }

    @Test
    void aNewChatIsEmptyAndTheWayBackLeadsToTheOldOne() {
        ChatPage page = open(gateway.address());
        page.ask("remember me");
        page.awaitAnswers(1);
        page.tab().click("#new-chat");
        page.tab().until("document.querySelectorAll('.turn').length === 0");
        page.awaitConnected();

        page.tab().evaluate("history.back()");
        page.awaitAnswers(1);
        assertThat(page.questions()).containsExactly("remember me");
    }

    @Test
    void someoneElsesSessionIsRefusedWithItsReason() {
        ChatPage mine = open(gateway.address());
        mine.ask("private");
        mine.awaitAnswers(1);
        Tab theirs = chromium.person().open(mine.tab().address());

        theirs.until("document.querySelector('#connection').dataset.state === 'refused'");
        assertThat(theirs.texts(".turn")).isEmpty();
        assertThat(theirs.texts("#notice button")).containsExactly("Start a new one");
    }

    @Test
    void theSamplePageChatsFromAnotherOrigin() {
        Tab tab = person.open(URI.create(otherOrigin()));
        tab.click("input");
        tab.type("from elsewhere");
        tab.pressEnter(false);

        tab.until("document.querySelector('pre').textContent.endsWith('buffering system.')");
        assertThat(tab.texts("pre").getFirst()).startsWith("> from elsewhere\nI received your");
        assertThat(tab.complaints()).isEmpty();
    }

    @Test
    void anotherAnswerAndAnEditedMessageAreBranchesToSwitchBetween() {
        ChatPage page = open(gateway.address());
        page.ask("first");
        page.awaitAnswers(1);
        page.ask("second");
        page.awaitAnswers(2);

        page.tab().click(".turn:last-child .regenerate");
        page.awaitVersions("2 / 2");
        page.awaitAnswers(2);
        assertThat(page.questions()).containsExactly("first", "second");

        page.tab().evaluate("document.querySelector('.turn .edit').click()");
        page.tab().evaluate("document.querySelector('#composer textarea').select()");
        page.tab().type("edited");
        page.tab().pressEnter(false);
        page.awaitText("'edited'");
        page.awaitAnswers(1);
        assertThat(page.questions()).containsExactly("edited");

        page.tab().click(".turn .earlier");
        page.awaitVersions("1 / 2");
        assertThat(page.questions()).containsExactly("first", "second");
        page.tab().click(".turn:last-child .earlier");
        page.ask("after the first answer to the second");
        page.awaitAnswers(3);
        page.tab().reload();
        page.awaitConnected();
        page.awaitAnswers(3);
        assertThat(page.questions())
                .containsExactly("first", "second", "after the first answer to the second");
        assertThat(page.tab().complaints()).isEmpty();
    }

    @Test
    void aQuestionIsAnsweredInEitherTabAndAfterTheWorkerIsGone() throws IOException {
        // A system of its own: its worker answers everything with this workflow.
        try (Installation asking =
                Installation.open(Files.createDirectory(folder.resolve("asking")))) {
            String extensions = AskingWorkflow.extensions(folder.resolve("extensions")).toString();
            ChildProcess first = asking.worker(Map.of(), "--extensions", extensions);
            ChatPage page = open(asking.gateway(Map.of()).address());
            page.pickWorkflow(AskingWorkflow.NAME);
            page.ask("Tea, please");
            page.awaitQuestion("Which <b>tea</b>?");
            assertThat(page.tab().texts(".question .choice")).containsExactly("green", "black");
            assertThat(page.answers()).containsExactly("A tea, then.");
            assertThat(page.tab().texts(".trace summary")).containsExactly("Used calculator");
            page.tab().click(".trace summary");
            assertThat(page.tab().texts(".trace li").getLast()).contains("42");

            first.kill();
            ChatPage other = open(page.tab().address());
            other.awaitQuestion("Which <b>tea</b>?");
            other.tab().click(".question .choice");
            asking.worker(Map.of(), "--extensions", extensions);

            page.awaitQuestion("How many cups?");
            page.tab().click(".question input");
            page.tab().type("two");
            page.tab().pressEnter(false);
            List.of(page, other).forEach(each -> each.awaitAnswers(1));
            assertThat(page.answers()).containsExactly("A tea, then. two of green.");
            assertThat(other.answers()).isEqualTo(page.answers());
            assertThat(page.tab().texts(".said li"))
                    .containsExactly("Which <b>tea</b>? green", "How many cups? two");
            assertThat(page.tab().texts(".question:not([hidden])")).isEmpty();

            // Another device has only the server's history.
            page.awaitListed("Tea, please");
            page.tab()
                    .evaluate(
                            """
                            (() => {
                              const key = Object.keys(localStorage).find((k) => k.startsWith('antiphon.session.'));
                              addEventListener('pagehide', () => localStorage.removeItem(key));
                            })()\
                            """);
            page.tab().reload();
            page.awaitAnswers(1);
            assertThat(page.answers()).isEqualTo(other.answers());
            assertThat(page.tab().texts(".said li"))
                    .containsExactly("Which <b>tea</b>? green", "How many cups? two");
            assertThat(page.tab().texts(".trace summary")).containsExactly("Used calculator");
            page.tab().click(".trace summary");
            assertThat(page.tab().texts(".trace li").getLast()).contains("42");
            assertThat(page.tab().complaints()).isEmpty();
        }
    }

    @Test
    void olderChatsAreListedOpenedAndDeletedPermanently() {
        ChatPage page = open(gateway.address());
        page.ask("the first chat");
        page.awaitAnswers(1);
        URI first = page.tab().address();
        page.tab().click("#new-chat");
        page.awaitConnected();
        page.ask("the second chat");
        page.awaitAnswers(1);

        page.awaitListed("the second chat", "the first chat");
        page.tab().click("#sessions li:last-child a");
        page.tab().until("document.querySelector('.call .text')?.innerText === 'the first chat'");
        assertThat(page.tab().address()).isEqualTo(first);

        page.awaitListed("the second chat", "the first chat");
        page.tab().click("#sessions li:last-child .delete");
        page.tab().click("#sessions li:last-child .really");
        page.tab().until("document.querySelectorAll('#sessions li').length === 1");
        page.tab().until("document.querySelectorAll('.turn').length === 0");
        assertThat(page.tab().complaints()).isEmpty();
        // From here on the browser can report a 404: the chat does not exist any more.
        page.tab().evaluate("location.hash = '" + first.getFragment() + "'");
        page.tab().reload();
        page.awaitConnected();
        assertThat(page.questions()).isEmpty();
        page.awaitListed("the second chat");
    }

    @Test
    void anotherTabsListShowsWhatRunsEndsIsRenamedAndDeleted() {
        ChatPage page = open(gateway.address());
        ChatPage other = open(gateway.address());
        other.tab().click("#chats");
        other.tab()
                .until("document.querySelector('#sessions .note').textContent === 'No chats yet.'");

        page.ask("watch me");
        other.awaitRow("watch me", "Answering");
        page.awaitAnswers(1);
        other.awaitRow("watch me", "");

        page.awaitListed("watch me");
        page.tab().click("#sessions .rename");
        page.tab().type("seen");
        page.tab().pressEnter(false);
        List.of(page, other).forEach(each -> each.awaitRow("seen", ""));

        page.tab().click("#sessions .delete");
        page.tab().click("#sessions .really");
        other.tab().until("document.querySelectorAll('#sessions li').length === 0");
        assertThat(other.tab().complaints()).isEmpty();
        other.tab().close();
    }

    private ChatPage open(URI address) {
        var page = new ChatPage(person.open(address));
        page.awaitConnected();
        return page;
    }

    private static String otherOrigin() {
        return "http://127.0.0.1:" + otherSite.getAddress().getPort();
    }
}
