package dev.antiphon.e2e.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import dev.antiphon.e2e.installation.Installation;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// `@antiphon/client` and `@antiphon/react` as npm installs them: in a TypeScript project under Node.js, and in a React
/// app in Chromium. A real gateway and worker answer.
final class ClientPackagesTest {
    private static final Map<String, String> FILES =
            Map.of(
                    "index.html", "text/html; charset=utf-8",
                    "page.js", "text/javascript",
                    "shared.js", "text/javascript");
    private static final String ANSWER_END = "demonstrate the chunk buffering system.";

    @TempDir private static Path folder;
    private static List<Path> archives;
    private static Installation installation;
    private static Installation.Gateway gateway;
    private static Chromium chromium;
    private static HttpServer site;
    private static int runs;

    @BeforeAll
    static void start() throws Exception {
        ClientPackages.install();
        archives = ClientPackages.pack(Files.createDirectory(folder.resolve("archives")));
        buildTheApp();
        site = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        site.createContext("/", ClientPackagesTest::serve);
        site.start();
        installation = Installation.open(folder);
        installation.worker(
                Map.of(),
                "--extensions",
                AskingWorkflow.extensions(folder.resolve("extensions")).toString());
        gateway = installation.gateway(Map.of("CHAT_ALLOWED_ORIGINS", origin()));
        chromium = Chromium.start(folder);
    }

    @AfterAll
    static void stop() {
        // After a failed start, some of these are null.
        if (chromium != null) {
            chromium.close();
        }
        if (installation != null) {
            installation.close();
        }
        if (site != null) {
            site.stop(0);
        }
    }

    private static void buildTheApp() throws Exception {
        Path app = ClientPackages.path("src/test/app");
        ClientPackages.add(app, archives);
        ClientPackages.tool(app, "tsc", "-p", ".");
        ClientPackages.tool(
                app,
                "esbuild",
                "page=page.tsx",
                "shared=node_modules/@antiphon/client/shared.js",
                "--bundle",
                "--format=esm",
                "--outdir=dist");
        Files.copy(app.resolve("index.html"), app.resolve("dist/index.html"));
    }

    /// The app's page, its bundle and the bundle of the SharedWorker.
    private static void serve(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String name = path.equals("/") ? "index.html" : path.substring(1);
        if (FILES.containsKey(name)) {
            byte[] file =
                    Files.readAllBytes(ClientPackages.path("src/test/app/dist").resolve(name));
            exchange.getResponseHeaders().set("Content-Type", FILES.get(name));
            exchange.sendResponseHeaders(200, file.length);
            exchange.getResponseBody().write(file);
        } else {
            exchange.sendResponseHeaders(404, -1);
        }
        exchange.close();
    }

    private static String origin() {
        return "http://127.0.0.1:" + site.getAddress().getPort();
    }

    @Test
    void theSourcesPassTheirFormatterTypesAndUnitTests() throws Exception {
        String printed = ClientPackages.run(ClientPackages.path("."), "npm", "test");
        assertThat(printed).contains("# fail 0").doesNotContain("# pass 0");
    }

    @Test
    void thePackagesHaveTheVersionOfTheProject() throws IOException {
        String project = between(Files.readString(Path.of("../pom.xml")), "<version>", "<");
        String version = project.replace("-SNAPSHOT", "");
        String react = Files.readString(ClientPackages.path("src/main/react/package.json"));
        assertThat(Files.readString(ClientPackages.path("src/main/client/package.json")))
                .contains("\"version\": \"" + version + "\"");
        assertThat(react)
                .contains("\"version\": \"" + version + "\"")
                .contains("\"@antiphon/client\": \"^" + version + "\"");
    }

    private static String between(String text, String start, String end) {
        int from = text.indexOf(start) + start.length();
        return text.substring(from, text.indexOf(end, from));
    }

    @Test
    void theClientHasNoDependenciesAndIsWhatTheGatewayServes() throws Exception {
        Path installed = projectWithTheClient("served").resolve("node_modules/@antiphon/client");
        try (Stream<Path> files = Files.list(installed)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".js")).toList()) {
                URI address = gateway.address().resolve("/" + file.getFileName());
                try (var served = address.toURL().openStream()) {
                    assertThat(served.readAllBytes()).isEqualTo(Files.readAllBytes(file));
                }
            }
        }
        assertThat(Files.readString(installed.resolve("package.json")))
                .doesNotContain("ependencies");
        assertThat(List.of("LICENSE", "README.md", "types/antiphon.d.ts"))
                .allSatisfy(file -> assertThat(installed.resolve(file)).exists());
    }

    @Test
    void anEmptyProjectInstallsCompilesAndChats() throws Exception {
        Path project = projectWithTheClient("project");
        ClientPackages.tool(project, "tsc", "-p", ".");

        String printed =
                ClientPackages.run(project, "node", "use.js", gateway.address().toString());

        assertThat(printed)
                .contains("I received your message: 'from a project'")
                .contains(ANSWER_END + "\"")
                .contains("\"cursor\":true,\"states\":[\"open\"]");
    }

    private static Path projectWithTheClient(String name) throws Exception {
        Path project = Files.createDirectory(folder.resolve(name));
        try (Stream<Path> files = Files.list(ClientPackages.path("src/test/project"))) {
            for (Path file : files.toList()) {
                Files.copy(file, project.resolve(file.getFileName()));
            }
        }
        ClientPackages.add(project, List.of(archives.getFirst()));
        return project;
    }

    @Test
    void theHookShowsAnAnswerWhileItIsWritten() {
        Tab tab = open("");
        say(tab, "Hello, React");
        awaitStatus(tab, "answering");
        tab.until("document.querySelector('.answer').innerText.includes('I received your')");
        awaitStatus(tab, "ready");
        assertThat(tab.texts("li")).hasSize(1);
        assertThat(tab.texts(".answer").getFirst())
                .startsWith("I received your message: 'Hello, React'")
                .endsWith(ANSWER_END);
        assertThat(tab.complaints()).isEmpty();
    }

    @Test
    void theHookStopsAnAnswer() {
        Tab tab = open("");
        say(tab, "stop me " + "word ".repeat(200));
        awaitStatus(tab, "answering");
        tab.click("#stop");
        tab.until("document.querySelector('li').dataset.reason === 'cancelled'");
        awaitStatus(tab, "ready");
        assertThat(tab.texts(".answer").getFirst()).doesNotEndWith(ANSWER_END);
        assertThat(tab.complaints()).isEmpty();
    }

    @Test
    void theHookAsksItsUserAndAnswers() {
        Tab tab = open("&workflow=" + AskingWorkflow.NAME);
        say(tab, "Tea, please");
        awaitStatus(tab, "asking");
        tab.until("document.querySelector('#question').innerText === 'Which <b>tea</b>?'");
        assertThat(tab.texts(".choice")).containsExactly("green", "black");
        tab.click(".choice");
        tab.until("document.querySelector('#question').innerText === 'How many cups?'");
        say(tab, "two");
        awaitStatus(tab, "ready");
        assertThat(tab.texts(".answer")).containsExactly("A tea, then. two of green.");
        assertThat(tab.complaints()).isEmpty();
    }

    @Test
    void theHookShowsWhyACallFailed() {
        Tab tab = open("");
        say(tab, "");
        tab.until("document.querySelector('#error').innerText !== ''");
        assertThat(tab.evaluate("document.querySelector('li').dataset.state").asString())
                .isEqualTo("failed");
        say(tab, "Hello again");
        awaitStatus(tab, "answering");
        assertThat(tab.texts("#error")).containsExactly("");
    }

    @Test
    void anotherSessionIsAnotherConversation() {
        Tab tab = open("");
        say(tab, "in the first");
        awaitStatus(tab, "answering");
        tab.click("#other");
        tab.until("document.querySelectorAll('li').length === 0");
        awaitStatus(tab, "ready");
        say(tab, "in the other");
        awaitStatus(tab, "answering");
        awaitStatus(tab, "ready");
        assertThat(tab.texts("li b")).containsExactly("in the other");
        assertThat(tab.complaints()).isEmpty();
    }

    private static Tab open(String more) {
        URI page =
                URI.create(
                        "%s/?run=%d&gateway=%s%s"
                                .formatted(origin(), ++runs, gateway.address(), more));
        Tab tab = chromium.person().open(page);
        tab.until("document.querySelector('#status')");
        return tab;
    }

    private static void say(Tab tab, String text) {
        tab.click("input");
        if (!text.isEmpty()) {
            tab.type(text);
        }
        tab.pressEnter(false);
    }

    private static void awaitStatus(Tab tab, String status) {
        tab.until("document.querySelector('#status').innerText === '" + status + "'");
    }
}
