package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The environment variables of PROTOCOL.md §7, read once at start. An empty variable counts as unset. An unknown name
/// that starts with `CHAT_` is an error, because a misspelled setting would otherwise silently have no effect.
///
/// Every failure is an {@link IllegalArgumentException} whose message is one line that names the variable.
public final class Environment {

    /// All variables. Each process reads those that it needs and accepts the others.
    public enum Variable {
        NATS_URL,
        REDIS_HOST,
        REDIS_PORT,
        REDIS_PASSWORD,
        /// How many replicas of Redis must have the record of a tool call before the tool is called.
        CHAT_REDIS_WAIT,
        SERVER_HOST,
        SERVER_PORT,
        POD_ID,
        /// The address of PostgreSQL, if conversations are kept there.
        DATABASE_URL,
        /// A second port of the gateway, shared with other gateways of this machine.
        CHAT_SHARED_PORT,
        /// Other web origins that are allowed to call the gateway, separated by commas.
        CHAT_ALLOWED_ORIGINS,
        /// The folder with the extensions' jars that a worker loads.
        CHAT_EXTENSIONS,
        /// The ids of the tools that models may use, separated by commas; `none` for none.
        CHAT_TOOLS,
        /// The tools that need the user's permission for each call, in the form of `CHAT_TOOLS`.
        CHAT_TOOLS_APPROVED,
        /// The file that names the MCP servers whose tools models may use.
        CHAT_MCP_CONFIG,
        /// The longest time that a tool call may take.
        CHAT_TOOL_TIMEOUT,
        /// The port of a worker's status page.
        CHAT_WORKER_PORT,
        /// How long a worker's answers may continue after SIGTERM.
        CHAT_WORKER_GRACE,
        /// How many runs a worker executes at once.
        CHAT_WORKFLOW_CONCURRENCY,
        /// The provider of requests that do not name one.
        CHAT_DEFAULT_PROVIDER,
        /// The model of requests that do not name one.
        CHAT_DEFAULT_MODEL,
        /// The workflow of requests that do not name one.
        CHAT_DEFAULT_WORKFLOW,
        /// How many hours a session's log is kept after its last answer.
        CHAT_LOG_HOURS,
        /// How many days a conversation is kept after its last answer.
        CHAT_HISTORY_DAYS,
        /// How many days a run waits for its user.
        CHAT_PARKED_DAYS,
        /// How many tokens of a conversation are sent to a model.
        CHAT_CONTEXT_TOKENS,
        /// How long to wait for a connection to a model provider.
        CHAT_MODEL_CONNECT_TIMEOUT,
        /// How long to wait for the first piece of a model's answer.
        CHAT_MODEL_FIRST_TOKEN_TIMEOUT,
        /// How long a model may be silent in the middle of its answer.
        CHAT_MODEL_IDLE_TIMEOUT,
        /// The longest time that a model's answer may take.
        CHAT_MODEL_TOTAL_TIMEOUT,
        /// How often a model call that failed before its first piece is retried.
        CHAT_MODEL_RETRIES,
        /// How long to wait before the first retry; each further retry waits twice as long.
        CHAT_MODEL_RETRY_DELAY,
        /// How long no call goes to a model of which most calls failed.
        CHAT_MODEL_REST
    }

    private static final Set<String> NAMES =
            Stream.of(Variable.values()).map(Enum::name).collect(Collectors.toUnmodifiableSet());

    private final Settings settings;
    private final Settings others;

    private Environment(Settings settings, Settings others) {
        this.settings = settings;
        this.others = others;
    }

    /// The variables of this process.
    ///
    /// @param more as in {@link #of(Map, Set)}
    /// @throws IllegalArgumentException as {@link #of(Map, Set)}
    public static Environment system(Set<String> more) {
        return of(System.getenv(), more);
    }

    /// As {@link #of(Map, Set)}, without the variables of model providers.
    public static Environment of(Map<String, String> all) {
        return of(all, Set.of());
    }

    /// Selects our variables from all variables of the process.
    ///
    /// @param more names that start with `CHAT_`, in addition to those of {@link Variable}: the variables of
    ///     model providers
    /// @throws IllegalArgumentException for an unknown name that starts with `CHAT_`
    public static Environment of(Map<String, String> all, Set<String> more) {
        Map<String, String> values = new HashMap<>();
        Map<String, String> others = new HashMap<>();
        all.forEach((name, value) -> {
            if (NAMES.contains(name)) {
                values.put(name, value);
            } else if (name.startsWith("CHAT_") && !more.contains(name)) {
                throw new IllegalArgumentException(
                        name
                                + " is not a known setting; did you mean "
                                + nearest(name, more)
                                + "?");
            } else {
                others.put(name, value);
            }
        });
        return new Environment(new Settings(values), new Settings(others));
    }

    public @Nullable String text(Variable variable) {
        return settings.text(variable.name());
    }

    public String text(Variable variable, String ifUnset) {
        return settings.text(variable.name(), ifUnset);
    }

    /// The variables in `names` that are set and not in {@link Variable}: those of a model provider.
    public Settings others(Set<String> names) {
        return others.only(names);
    }

    /// As {@link Settings#list}.
    public List<String> list(Variable variable) {
        return settings.list(variable.name());
    }

    /// As {@link Settings#number}.
    public int number(Variable variable, int ifUnset, int least, int most) {
        return settings.number(variable.name(), ifUnset, least, most);
    }

    /// As {@link Settings#duration}.
    public Duration duration(Variable variable, Duration ifUnset) {
        return settings.duration(variable.name(), ifUnset);
    }

    private static String nearest(String name, Set<String> more) {
        return Stream.concat(NAMES.stream(), more.stream())
                .filter(known -> known.startsWith("CHAT_"))
                .min(Comparator.comparingInt(known -> distance(name, known)))
                .orElseThrow();
    }

    /// Levenshtein's: the least number of letters to insert, delete or replace.
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
