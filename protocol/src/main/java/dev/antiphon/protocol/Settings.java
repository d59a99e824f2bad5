package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Settings by name, as text, and the forms that their values can have. An empty value counts as unset. Immutable.
///
/// Every failure is an {@link IllegalArgumentException} whose message is one line that names the setting.
public final class Settings {

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

    private final Map<String, String> values;

    /// @param values by the names of the settings
    public Settings(Map<String, String> values) {
        Map<String, String> set = new HashMap<>(values);
        set.values().removeIf(String::isEmpty);
        this.values = Map.copyOf(set);
    }

    /// The text of a setting; null when it is not set.
    public @Nullable String text(String name) {
        return values.get(name);
    }

    /// The text of a setting.
    public String text(String name, String ifUnset) {
        return values.getOrDefault(name, ifUnset);
    }

    /// The comma-separated parts, without blanks around them; empty when unset.
    public List<String> list(String name) {
        return Arrays.stream(text(name, "").split(","))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /// Whether a setting is `true`.
    ///
    /// @throws IllegalArgumentException when set to anything but `true` or `false`
    public boolean flag(String name, boolean ifUnset) {
        String text = text(name, String.valueOf(ifUnset));
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException(
                    name + " must be true or false, but is '" + text + "'");
        }
        return text.equals("true");
    }

    /// A whole number.
    ///
    /// @throws IllegalArgumentException when set to anything but a whole number from `least` to `most`
    public int number(String name, int ifUnset, int least, int most) {
        String text = values.get(name);
        if (text == null) {
            return ifUnset;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below, together with a number out of range
        }
        throw new IllegalArgumentException(
                name
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
    public Duration duration(String name, Duration ifUnset) {
        String text = values.get(name);
        if (text == null) {
            return ifUnset;
        }
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    name
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

    /// The names that are set.
    public Set<String> names() {
        return values.keySet();
    }

    /// The settings in `names` that are set.
    public Settings only(Set<String> names) {
        Map<String, String> found = new HashMap<>(values);
        found.keySet().retainAll(names);
        return new Settings(found);
    }
}
