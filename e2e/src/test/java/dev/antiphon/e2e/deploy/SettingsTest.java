package dev.antiphon.e2e.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.engine.workflow.ChatWorkflow;
import dev.antiphon.gateway.GatewayConfig;
import dev.antiphon.protocol.Environment;
import dev.antiphon.providers.DemoFactory;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.worker.WorkerConfig;

import org.assertj.core.api.RecursiveComparisonAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The settings of the code, compared with the places that repeat them: the table in PROTOCOL.md §7,
/// `docker-compose.yml` and `.env.example`.
final class SettingsTest {
    /// Compose itself sets the addresses and names of its services. `CHAT_SHARED_PORT` is for gateways of one machine.
    private static final Set<String> NOT_IN_ENV_FILE =
            Set.of(
                    "NATS_URL",
                    "REDIS_HOST",
                    "REDIS_PORT",
                    "SERVER_HOST",
                    "SERVER_PORT",
                    "POD_ID",
                    "CHAT_SHARED_PORT");

    /// `ProviderDefaultsTest` compares the defaults of these.
    private static final Set<String> OF_PROVIDERS =
            Set.of(
                    DemoFactory.DELAY,
                    DemoFactory.WORDS,
                    "CHAT_LANGGRAPH_ASSISTANT",
                    "CHAT_OPENAI_STREAM_OPTIONS",
                    "CHAT_MODEL_THINK_TAGS",
                    "CHAT_MODEL_REASONING");

    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final Pattern CONSTANT = Pattern.compile("`([^`]+)`(?: \\(.*\\)|: .*)?");
    private static final Pattern PASSED_ON = Pattern.compile("\\$\\{([A-Z_]+):-([^}]*)\\}");
    private static final Pattern ASSIGNMENT = Pattern.compile("([A-Z_]+)=(.*)");
    private static final Pattern DEFAULT = Pattern.compile("Default: ([^ ]+)\\.");

    /// A cell of the column "default".
    ///
    /// @param cell as written, such as `` `25s` (`0s` under `up`) ``
    /// @param constant the default if it is a value, such as `25s`
    private record Documented(String cell, @Nullable String constant) {}

    /// Everything that the processes read, apart from the settings of providers.
    private record Configuration(GatewayConfig gateway, WorkerConfig worker) {

        static Configuration with(Map<String, String> variables) {
            Environment environment = ModelProviders.environment(variables);
            return new Configuration(
                    GatewayConfig.from(environment), WorkerConfig.from(environment));
        }
    }

    @Test
    void theTableHasExactlyTheSettingsOfTheCode() {
        assertThat(table().keySet()).containsExactlyInAnyOrderElementsOf(known());
    }

    @ParameterizedTest(name = "{0}={1}")
    @MethodSource
    void theDocumentedDefaultIsTheDefaultOfTheCode(String name, String value) {
        assertConfigured(Map.of(name, value)).isEqualTo(Configuration.with(Map.of()));
        // The comparison sees this setting.
        assertConfigured(Map.of(name, another(value))).isNotEqualTo(Configuration.with(Map.of()));
    }

    static List<Arguments> theDocumentedDefaultIsTheDefaultOfTheCode() {
        List<Arguments> constants = new ArrayList<>();
        table().forEach((name, documented) -> {
            if (documented.constant() != null
                    && !OF_PROVIDERS.contains(name)
                    && !name.equals("CHAT_DEFAULT_WORKFLOW")) {
                constants.add(Arguments.of(name, documented.constant()));
            }
        });
        return constants;
    }

    @Test
    void theDefaultWorkflowIsTheChat() {
        assertThat(documented("CHAT_DEFAULT_WORKFLOW").constant())
                .isEqualTo(new ChatWorkflow().name());
    }

    @Test
    void composePassesOnExactlyTheSettingsOfTheEnvFile() {
        Set<String> expected = new TreeSet<>(known());
        expected.removeAll(NOT_IN_ENV_FILE);
        assertThat(envFile().keySet()).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(passedOn().keySet()).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void composePassesOnEachSettingUnderItsOwnName() {
        Pattern line = Pattern.compile("(?m)^ +([A-Z_]+): \\$\\{([A-Z_]+):-");
        assertThat(line.matcher(read("docker-compose.yml")).results())
                .filteredOn(found -> !found.group(1).equals("REDISCLI_AUTH"))
                .isNotEmpty()
                .allSatisfy(found -> assertThat(found.group(1)).isEqualTo(found.group(2)));
    }

    @Test
    void theTableHasTheDefaultsOfCompose() {
        assertThat(passedOn()).anySatisfy((name, value) -> assertThat(value).isNotEmpty());
        assertThat(passedOn())
                .allSatisfy((name, value) -> {
                    if (!value.isEmpty()) {
                        assertThat(documented(name).cell())
                                .contains("`" + value + "` under compose");
                    }
                });
    }

    @Test
    void theEnvFileHasTheDefaultsOfComposeOrOfTheCode() {
        assertThat(envFile())
                .allSatisfy((name, value) ->
                        assertThat(value).isIn("", passedOn().getOrDefault(name, "")));
        String comment = "";
        for (String line : read(".env.example").lines().toList()) {
            Matcher assignment = ASSIGNMENT.matcher(line);
            if (assignment.matches()) {
                String name = assignment.group(1);
                assertThat(DEFAULT.matcher(comment).results())
                        .as("%s: %s", name, comment)
                        .allSatisfy(found ->
                                assertThat(found.group(1))
                                        .isIn(passedOn().get(name), documented(name).constant()));
                comment = "";
            } else {
                comment += line;
            }
        }
    }

    private static RecursiveComparisonAssert<?> assertConfigured(Map<String, String> variables) {
        return assertThat(Configuration.with(variables))
                .usingRecursiveComparison()
                .ignoringFields("worker.environment");
    }

    /// A valid value that differs: its first digit is another one, or a text has one more letter.
    private static String another(String value) {
        char first = value.charAt(0);
        return Character.isDigit(first)
                ? (first == '9' ? 8 : first - '0' + 1) + value.substring(1)
                : value + "x";
    }

    private static Set<String> known() {
        Set<String> names = new TreeSet<>(ModelProviders.variables());
        Arrays.stream(Environment.Variable.values()).map(Enum::name).forEach(names::add);
        return names;
    }

    private static Documented documented(String name) {
        Documented documented = table().get(name);
        assertThat(documented).as(name).isNotNull();
        return documented;
    }

    private static Map<String, Documented> table() {
        String text = read("PROTOCOL.md");
        String section = text.substring(text.indexOf("\n## 7."), text.indexOf("\n## 8."));
        Map<String, Documented> table = new LinkedHashMap<>();
        section.lines()
                .filter(line -> line.startsWith("| `"))
                .forEach(line -> {
                    List<String> cells = List.of(line.substring(2).split(" \\| ", 3));
                    List<String> names = code(cells.getFirst()).toList();
                    for (int i = 0; i < names.size(); i++) {
                        table.put(names.get(i), documented(cells.get(1), i, names.size()));
                    }
                });
        return table;
    }

    /// A row with several names has a default for each, or one text for all.
    private static Documented documented(String cell, int index, int names) {
        List<String> parts = names == 1 ? List.of(cell) : List.of(cell.split(", ", -1));
        Matcher constant = CONSTANT.matcher(parts.size() == names ? parts.get(index) : cell);
        return new Documented(cell, constant.matches() ? constant.group(1) : null);
    }

    private static Stream<String> code(String cell) {
        return CODE.matcher(cell).results().map(found -> found.group(1));
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of("..", file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The settings that compose takes from its own environment, with its defaults.
    private static Map<String, String> passedOn() {
        Map<String, String> passedOn = new LinkedHashMap<>();
        PASSED_ON
                .matcher(read("docker-compose.yml"))
                .results()
                .forEach(found -> passedOn.put(found.group(1), found.group(2)));
        return passedOn;
    }

    private static Map<String, String> envFile() {
        Map<String, String> settings = new LinkedHashMap<>();
        for (String line : read(".env.example").lines().toList()) {
            Matcher assignment = ASSIGNMENT.matcher(line);
            if (assignment.matches()) {
                settings.put(assignment.group(1), assignment.group(2));
            }
        }
        return settings;
    }
}
