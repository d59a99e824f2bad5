package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The environment variables of PROTOCOL.md §7, read once at start. An empty variable counts as
/// unset; an unknown name that starts with `CHAT_` is an error, because a misspelt setting would
/// otherwise be ignored in silence.
///
/// Every failure is an {@link IllegalArgumentException} whose message is one line that names the variable.
public final class Environment {

    /// Every variable there is. Each process reads those it needs and accepts the others.
    public enum Variable {
        NATS_URL,
        REDIS_HOST,
        REDIS_PORT,
        REDIS_PASSWORD,
        /// How many replicas of Redis must know of a tool call before the tool is called.
        CHAT_REDIS_WAIT,
        SERVER_HOST,
        SERVER_PORT,
        POD_ID,
        /// Where PostgreSQL is, if conversations are kept there.
        DATABASE_URL,
        OPENAI_API_KEY,
        OPENAI_BASE_URL,
        ANTHROPIC_API_KEY,
        ANTHROPIC_BASE_URL,
        GEMINI_API_KEY,
        GEMINI_BASE_URL,
        OLLAMA_BASE_URL,
        LANGGRAPH_URL,
        LANGGRAPH_API_KEY,
        /// The models that are offered of each service, the default first, separated by commas.
        CHAT_OPENAI_MODELS,
        CHAT_ANTHROPIC_MODELS,
        CHAT_GEMINI_MODELS,
        CHAT_OLLAMA_MODELS,
        /// The protocol of the provider `openai`: chat, responses or background.
        CHAT_OPENAI_API,
        /// How a request of Chat Completions bounds its answer: max_tokens or max_completion_tokens.
        CHAT_OPENAI_TOKEN_LIMIT,
        /// Whether a request of Chat Completions asks for the tokens of its answer.
        CHAT_OPENAI_STREAM_OPTIONS,
        /// Whether reasoning between think tags is taken out of models' text.
        CHAT_MODEL_THINK_TAGS,
        /// Whether to ask for models' reasoning where a service must be asked.
        CHAT_MODEL_REASONING,
        /// The graph that answers on a LangGraph server when a request names none.
        CHAT_LANGGRAPH_ASSISTANT,
        /// A second port of the gateway, shared with other gateways of this machine.
        CHAT_SHARED_PORT,
        /// Web origins other than its own that may call the gateway, separated by commas.
        CHAT_ALLOWED_ORIGINS,
        /// The folder with the jars of others that a worker loads.
        CHAT_EXTENSIONS,
        /// Which tools models may use, by id and separated by commas; `none` for none.
        CHAT_TOOLS,
        /// Which of them are called only when the user has allowed the call, as `CHAT_TOOLS`.
        CHAT_TOOLS_APPROVED,
        /// The file that names the MCP servers whose tools models may use.
        CHAT_MCP_CONFIG,
        /// How long a tool call may take.
        CHAT_TOOL_TIMEOUT,
        /// The port of a worker's status page.
        CHAT_WORKER_PORT,
        /// How long a worker's answers may go on after SIGTERM.
        CHAT_WORKER_GRACE,
        /// How many runs a worker executes at once.
        CHAT_WORKFLOW_CONCURRENCY,
        /// The demo provider's pause between two chunks.
        CHAT_DEMO_DELAY,
        /// The demo provider's words per chunk.
        CHAT_DEMO_WORDS,
        /// The provider of requests that name none.
        CHAT_DEFAULT_PROVIDER,
        /// The model of requests that name none.
        CHAT_DEFAULT_MODEL,
        /// The workflow of requests that name none.
        CHAT_DEFAULT_WORKFLOW,
        /// How many hours a session's log is kept after its last answer.
        CHAT_LOG_HOURS,
        /// How many days a conversation is kept after its last answer.
        CHAT_HISTORY_DAYS,
        /// How many days a run waits for its user.
        CHAT_PARKED_DAYS,
        /// How many tokens of a conversation a model is shown.
        CHAT_CONTEXT_TOKENS,
        /// How long to wait for a connection to a model provider.
        CHAT_MODEL_CONNECT_TIMEOUT,
        /// How long to wait for the first piece of a model's answer.
        CHAT_MODEL_FIRST_TOKEN_TIMEOUT,
        /// How long a model may be silent within its answer.
        CHAT_MODEL_IDLE_TIMEOUT,
        /// How long a model's answer may take.
        CHAT_MODEL_TOTAL_TIMEOUT,
        /// How often a model call that failed before its first piece is repeated.
        CHAT_MODEL_RETRIES,
        /// How long to wait before the first repetition; each further one waits twice as long.
        CHAT_MODEL_RETRY_DELAY,
        /// How long a model of which most calls failed is not asked.
        CHAT_MODEL_REST
    }

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

    private final Map<Variable, String> values;
    private final Map<String, String> others;

    private Environment(Map<Variable, String> values, Map<String, String> others) {
        this.values = values;
        this.others = others;
    }

    public static Environment system() {
        return of(System.getenv());
    }

    /// Takes the variables that are ours from all that there are.
    ///
    /// @throws IllegalArgumentException for an unknown name that starts with `CHAT_`
    public static Environment of(Map<String, String> all) {
        Map<Variable, String> values = new EnumMap<>(Variable.class);
        Map<String, String> others = new HashMap<>();
        for (Map.Entry<String, String> each : all.entrySet()) {
            Variable variable = known(each.getKey());
            if (variable == null && each.getKey().startsWith("CHAT_")) {
                throw new IllegalArgumentException(
                        each.getKey()
                                + " is not a known setting; did you mean "
                                + nearest(each.getKey())
                                + "?");
            }
            if (each.getValue().isEmpty()) {
                continue;
            }
            if (variable != null) {
                values.put(variable, each.getValue());
            } else {
                others.put(each.getKey(), each.getValue());
            }
        }
        return new Environment(values, others);
    }

    public @Nullable String text(Variable variable) {
        return values.get(variable);
    }

    public String text(Variable variable, String ifUnset) {
        return values.getOrDefault(variable, ifUnset);
    }

    /// Those of `names` that are set and none of ours: what an extension says that it reads.
    public Map<String, String> others(Set<String> names) {
        Map<String, String> found = new TreeMap<>(others);
        found.keySet().retainAll(names);
        return Collections.unmodifiableMap(found);
    }

    /// The comma-separated parts, without blanks around them; empty when unset.
    public List<String> list(Variable variable) {
        return Arrays.stream(text(variable, "").split(","))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /// Whether a setting is `true`; unset is false.
    ///
    /// @throws IllegalArgumentException when set to anything but `true` or `false`
    public boolean flag(Variable variable) {
        String text = text(variable, "false");
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException(
                    variable + " must be true or false, but is '" + text + "'");
        }
        return text.equals("true");
    }

    /// A whole number.
    ///
    /// @throws IllegalArgumentException when set to anything but a whole number from `least` to `most`
    public int number(Variable variable, int ifUnset, int least, int most) {
        String text = values.get(variable);
        if (text == null) {
            return ifUnset;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below, together with a number out of range
        }
        throw new IllegalArgumentException(
                variable
                        + " must be a whole number from "
                        + least
                        + " to "
                        + most
                        + ", but is '"
                        + text
                        + "'");
    }

    /// A duration such as `250ms`, `3s`, `5m` or `48h`.
    ///
    /// @throws IllegalArgumentException when set to anything else
    public Duration duration(Variable variable, Duration ifUnset) {
        String text = values.get(variable);
        if (text == null) {
            return ifUnset;
        }
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    variable
                            + " must be a duration such as 250ms, 3s, 5m or 48h, but is '"
                            + text
                            + "'");
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> throw new AssertionError("the pattern allows no other unit");
        };
    }

    private static @Nullable Variable known(String name) {
        for (Variable variable : Variable.values()) {
            if (variable.name().equals(name)) {
                return variable;
            }
        }
        return null;
    }

    private static Variable nearest(String name) {
        Variable best = Variable.CHAT_SHARED_PORT;
        int bestDistance = Integer.MAX_VALUE;
        for (Variable variable : Variable.values()) {
            int distance = distance(name, variable.name());
            if (variable.name().startsWith("CHAT_") && distance < bestDistance) {
                best = variable;
                bestDistance = distance;
            }
        }
        return best;
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
