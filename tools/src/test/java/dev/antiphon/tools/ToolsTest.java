package dev.antiphon.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.tools.Calls.Made;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

final class ToolsTest {

    private static Tool tool(String name) {
        return new Made(name, true, _ -> "");
    }

    private static List<String> offered(Tools tools, String... wanted) {
        return tools.offered(new ToolSelection(List.of(wanted))).stream()
                .map(ToolSpec::name)
                .toList();
    }

    @Test
    void aRequestOnlyNarrowsTheAllowedTools() {
        var tools =
                new Tools(
                        List.of(tool("files_read"), tool("files_write"), tool("mail")),
                        new ToolSelection(List.of("files_*")));

        assertThat(offered(tools, "*")).isEqualTo(List.of("files_read", "files_write"));
        assertThat(offered(tools, "files_read", "mail")).isEqualTo(List.of("files_read"));
        assertThat(offered(tools)).isEmpty();
        assertThat(tools.find("mail", ToolSelection.ALL)).isEmpty();
        assertThat(tools.find("files_read", new ToolSelection(List.of("files_write")))).isEmpty();
        assertThat(tools.find("files_read", ToolSelection.ALL)).isPresent();
    }

    @Test
    void otherToolsComeAndGoAndReplaceNone() {
        List<Tool> others = new ArrayList<>();
        Tool own = tool("own");
        var tools = new Tools(List.of(own), () -> List.copyOf(others), ToolSelection.ALL);
        assertThat(tools.names()).isEqualTo(List.of("own"));

        others.add(tool("own"));
        others.add(tool("other"));

        assertThat(tools.names()).isEqualTo(List.of("own", "other"));
        assertThat(tools.find("own", ToolSelection.ALL)).containsSame(own);
    }

    @Test
    void aToolThatCannotBeOfferedDoesNotAffectOthers() {
        var tools =
                new Tools(
                        List.of(tool("own")),
                        () -> List.of(tool("no name"), tool("own"), tool("other")),
                        ToolSelection.ALL);

        assertThat(offered(tools, "*")).isEqualTo(List.of("own", "other"));
        assertThat(tools.omitted()).isEqualTo(2);
    }

    @Test
    void theNumberOfOfferedToolsIsLimited() {
        List<Tool> many = IntStream.rangeClosed(1, 200).mapToObj(i -> tool("tool" + i)).toList();

        assertThat(new Tools(many, ToolSelection.ALL).names()).hasSize(Tools.MAX_OFFERED);
    }

    @Test
    void duplicateNamesAndInvalidNamesEndTheStart() {
        assertThatThrownBy(() -> new Tools(List.of(tool("a"), tool("a")), ToolSelection.ALL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("two tools are named 'a'");
        assertThatThrownBy(() -> new Tools(List.of(tool("a b")), ToolSelection.ALL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'a b'");
    }

    @Test
    void aStarMustBeTheLastCharacter() {
        assertThatThrownBy(() -> new ToolSelection(List.of("mcp:*/read")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'mcp:*/read': a * must be the last character");
    }
}
