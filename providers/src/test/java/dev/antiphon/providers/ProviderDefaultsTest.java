package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.protocol.Settings;
import dev.antiphon.providers.langgraph.LangGraphSettings;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// The defaults of the providers' settings, compared with the table in PROTOCOL.md §7.
final class ProviderDefaultsTest {

    @ParameterizedTest
    @MethodSource
    void theTableHasTheDefault(String row) throws IOException {
        assertThat(Files.readString(Path.of("../PROTOCOL.md"))).contains("\n" + row + " |");
    }

    static Stream<String> theTableHasTheDefault() {
        var atOpenAi = new Settings(Map.of("OPENAI_API_KEY", "key"));
        var elsewhere = new Settings(Map.of("OPENAI_BASE_URL", "http://localhost:8000/v1"));
        ServiceSettings openAi = OpenAiFactory.settings(atOpenAi).orElseThrow();
        return Stream.of(
                "| `CHAT_DEMO_DELAY`, `CHAT_DEMO_WORDS` | `%dms`, `%d`"
                        .formatted(DemoFactory.DEFAULT_DELAY.toMillis(), DemoFactory.DEFAULT_WORDS),
                "| `CHAT_OPENAI_API` | `%s` at OpenAI, `%s` at other addresses"
                        .formatted(api(atOpenAi), api(elsewhere)),
                "| `CHAT_OPENAI_STREAM_OPTIONS` | `%b`".formatted(openAi.chat().streamOptions()),
                "| `CHAT_MODEL_THINK_TAGS` | `%b`".formatted(openAi.thinkTags()),
                "| `CHAT_MODEL_REASONING` | `%b`".formatted(openAi.reasoning()),
                "| `CHAT_LANGGRAPH_ASSISTANT` | `%s`"
                        .formatted(LangGraphSettings.DEFAULT_ASSISTANT));
    }

    private static String api(Settings settings) {
        return OpenAiFactory.api(settings).name().toLowerCase(Locale.ROOT);
    }
}
