package dev.antiphon.tools;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// The tools that can be used, as in `CHAT_TOOLS` and `context.tools`: by id, or by the beginning of the id with a `*`
/// at the end (`mcp:files/*`).
///
/// @param patterns an empty list allows nothing
public record ToolSelection(List<String> patterns) {

    /// Every existing tool.
    public static final ToolSelection ALL = new ToolSelection(List.of("*"));

    public ToolSelection {
        patterns = List.copyOf(patterns);
        for (String pattern : patterns) {
            int star = pattern.indexOf('*');
            if (star >= 0 && star < pattern.length() - 1) {
                throw new IllegalArgumentException(
                        "'" + pattern + "': a * must be the last character");
            }
        }
    }

    /// The selection of a request's `context.tools`.
    ///
    /// @param patterns null for all
    public static ToolSelection of(@Nullable List<String> patterns) {
        return patterns == null ? ALL : new ToolSelection(patterns);
    }

    /// Whether the tool with this id can be used.
    public boolean allows(String id) {
        return patterns.stream()
                .anyMatch(pattern ->
                        pattern.endsWith("*")
                                ? id.startsWith(pattern.substring(0, pattern.length() - 1))
                                : id.equals(pattern));
    }
}
