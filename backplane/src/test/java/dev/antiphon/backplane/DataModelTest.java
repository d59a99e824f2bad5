package dev.antiphon.backplane;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// docs/redis.md names every key, and every field that a script reads or writes.
final class DataModelTest {

    private static final Path PAGE = Path.of("../docs/redis.md");
    private static final Path KEYS =
            Path.of("../protocol/src/main/java/dev/antiphon/protocol/Keys.java");
    private static final Path SCRIPTS = Path.of("src/main/resources/dev/antiphon/backplane");

    /// A call on a hash, up to the end of its line or of the lines on which a long call continues.
    private static final Pattern CALL =
            Pattern.compile(
                    "'(?:HGET|HMGET|HSET|HSETNX|HDEL|HEXISTS|HINCRBY)', ([\\w.]+)([^\\n]*(?:,\\n[^\\n]*)*)");

    /// A literal name of a field. A name in upper case is a status, a name with a blank is text.
    private static final Pattern NAME = Pattern.compile("'([:a-z][a-z_:]*)'");

    /// The scripts' names for the keys whose fields the page lists.
    private static final Map<String, String> HASHES =
            Map.of(
                    "meta", "chat:meta:{sid}",
                    "run", "chat:run:{sid}:{mid}",
                    "run_prefix", "chat:run:{sid}:{mid}",
                    "next_run", "chat:run:{sid}:{mid}",
                    "tools", "chat:tools:{sid}:{mid}",
                    "history", "chat:history:{sid}",
                    "history_prefix", "chat:history:{sid}",
                    "activity", "chat:history:{sid}",
                    "details", "chat:cleanup:details");

    /// Values between the names of fields.
    private static final Set<String> VALUES =
            Set.of("accepted", "running", "parked", "plain", "done", "refused");

    @Test
    void everyFieldOfAHashIsOnThePage() throws IOException {
        String page = Files.readString(PAGE);
        Map<String, Set<String>> missing = new TreeMap<>();
        fields().forEach((key, fields) -> {
            String section = section(page, key);
            fields.stream()
                    .filter(field -> !section.contains("`" + field + "`"))
                    .forEach(
                            field -> missing.computeIfAbsent(key, _ -> new TreeSet<>()).add(field));
        });

        assertThat(missing).isEmpty();
    }

    @Test
    void everyFieldOnThePageIsInAScript() throws IOException {
        String page = Files.readString(PAGE);
        Map<String, Set<String>> used = fields();
        for (String key : Set.of("chat:meta:{sid}", "chat:run:{sid}:{mid}")) {
            Set<String> listed =
                    Pattern.compile("(?m)^\\| `([a-z_]+)` \\|")
                            .matcher(section(page, key))
                            .results()
                            .map(row -> row.group(1))
                            .collect(Collectors.toCollection(TreeSet::new));

            assertThat(used.get(key)).as(key).containsAll(listed);
        }
    }

    @Test
    void everyKeyIsOnThePage() throws IOException {
        String page = Files.readString(PAGE);
        List<String> keys =
                Pattern.compile("\"((?:chat|pod|session):[a-z:]+)\"")
                        .matcher(Files.readString(KEYS))
                        .results()
                        .map(name -> name.group(1))
                        .toList();

        assertThat(keys).hasSizeGreaterThan(15);
        assertThat(keys).allSatisfy(key -> assertThat(page).contains("`" + key));
    }

    /// The part of the page that lists a hash's fields; the table of keys if the hash has no part of its own.
    private static String section(String page, String key) {
        int at = page.indexOf("## Fields of `" + key + "`");
        if (at < 0) {
            return page.substring(0, page.indexOf("## Fields of"));
        }
        int end = page.indexOf("\n## ", at + 1);
        return page.substring(at, end < 0 ? page.length() : end);
    }

    private static Map<String, Set<String>> fields() throws IOException {
        Map<String, Set<String>> fields = new TreeMap<>();
        try (Stream<Path> files = Files.walk(SCRIPTS)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".lua")).toList()) {
                Matcher call = CALL.matcher(Files.readString(file));
                while (call.find()) {
                    String variable = call.group(1).replaceFirst("^at\\.", "");
                    String key = HASHES.get(variable);
                    if (key != null) {
                        NAME.matcher(call.group(2).split("\\)", 2)[0])
                                .results()
                                .map(name -> name.group(1))
                                .filter(name -> isField(key, name))
                                .forEach(name ->
                                        fields.computeIfAbsent(key, _ -> new TreeSet<>())
                                                .add(name));
                    }
                }
            }
        }
        assertThat(fields.keySet()).containsAll(Set.copyOf(HASHES.values()));
        return fields;
    }

    private static boolean isField(String key, String name) {
        boolean isValue = key.startsWith("chat:run") && VALUES.contains(name);
        return !isValue && !name.endsWith(":") && !name.equals("answer");
    }
}
