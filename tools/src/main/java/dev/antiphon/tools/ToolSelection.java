package dev.antiphon.tools;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Which tools may be used, as `CHAT_TOOLS` and `context.tools` say it: by id, or with a `*` at the end by the beginning of
/// the id (`mcp:files/*`).
///
/// @param patterns none allows nothing
public record ToolSelection(List<String> patterns) {

    /// Every tool there is.
    public static final ToolSelection ALL = new ToolSelection(List.of("*"));

    public ToolSelection {
        patterns = List.copyOf(patterns);
        for (String pattern : patterns) {
            int star = pattern.indexOf('*');
            if (star >= 0 && star < pattern.length() - 1) {
                throw new IllegalArgumentException(
                        "'" + pattern + "': a * may only be the last character");
            }
        }
    }

    /// What a request's `context.tools` selects.
    ///
    /// @param patterns null for all
    public static ToolSelection of(@Nullable List<String> patterns) {
        return patterns == null ? ALL : new ToolSelection(patterns);
    }

    /// Whether the tool of this id may be used.
    public boolean allows(String id) {
        return patterns.stream()
                .anyMatch(pattern ->
                        pattern.endsWith("*")
                                ? id.startsWith(pattern.substring(0, pattern.length() - 1))
                                : id.equals(pattern));
    }
}
