package dev.antiphon.tools;

import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.api.tool.Tool;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// The tools of this worker that its operator allows. They can come and go while it runs.
public final class Tools {

    private static final Logger LOG = LoggerFactory.getLogger(Tools.class);

    /// More tools in one call confuse every model, and each costs tokens.
    static final int MAX_OFFERED = 128;

    private final Supplier<List<Tool>> source;
    private final ToolSelection allowed;
    private final OmittedTools omitted;

    /// Creates a fixed set of tools.
    ///
    /// @throws IllegalArgumentException when models do not accept a tool's name, or two tools have the same name
    public Tools(Collection<Tool> tools, ToolSelection allowed) {
        this(tools, List::of, allowed);
    }

    /// Creates a fixed set of tools, with others that come and go and must have different names.
    ///
    /// @param others called often and from many threads; must not block
    /// @throws IllegalArgumentException as above
    public Tools(Collection<Tool> tools, Supplier<List<Tool>> others, ToolSelection allowed) {
        this(tools, others, allowed, new OmittedTools());
    }

    /// As above.
    ///
    /// @param omitted records the tools that cannot be offered
    public Tools(
            Collection<Tool> tools,
            Supplier<List<Tool>> others,
            ToolSelection allowed,
            OmittedTools omitted) {
        this.allowed = allowed;
        this.omitted = omitted;
        List<Tool> fixed = List.copyOf(tools);
        Set<String> names = new HashSet<>();
        for (Tool tool : fixed) {
            spec(tool);
            if (!names.add(tool.name())) {
                throw new IllegalArgumentException("two tools are named '" + tool.name() + "'");
            }
        }
        this.source =
                () -> {
                    Map<String, Tool> all = new LinkedHashMap<>();
                    fixed.forEach(tool -> all.put(tool.name(), tool));
                    for (Tool tool : others.get()) {
                        Tool first = all.putIfAbsent(tool.name(), tool);
                        if (first != null) {
                            omitted.tool(
                                    tool.id(), "the tool " + first.id() + " has the same name");
                        }
                    }
                    return List.copyOf(all.values());
                };
    }

    /// The tools that a model can be offered now. Leaves out a tool that cannot be described.
    ///
    /// @param wanted by the request; narrows what the operator allows
    public List<ToolSpec> offered(ToolSelection wanted) {
        List<ToolSpec> specs =
                source.get().stream()
                        .filter(tool -> allows(tool, wanted))
                        .flatMap(tool -> specOrNone(tool).stream())
                        .limit(MAX_OFFERED)
                        .toList();
        if (specs.size() == MAX_OFFERED) {
            LOG.atDebug().addKeyValue("most", MAX_OFFERED).log("further tools are not offered");
        }
        return specs;
    }

    private Optional<ToolSpec> specOrNone(Tool tool) {
        try {
            return Optional.of(spec(tool));
        } catch (
                RuntimeException
                        e) { // from an extension, or from a server's description of the tool
            omitted.tool(tool.id(), e.getMessage());
            return Optional.empty();
        }
    }

    /// How often a tool was left out.
    public long omitted() {
        return omitted.count();
    }

    /// The names of all tools that can be used now.
    public List<String> names() {
        return offered(ToolSelection.ALL).stream().map(ToolSpec::name).toList();
    }

    /// Checks whether models can be offered a tool that comes from outside.
    ///
    /// @throws IllegalArgumentException when no model accepts its name, or its schema cannot check anything
    public static void requireUsable(Tool tool) {
        ArgumentCheck.requireUsable(spec(tool).parameters());
    }

    private static ToolSpec spec(Tool tool) {
        return new ToolSpec(tool.name(), tool.description(), tool.parameters());
    }

    /// The tool that a model named, if it is allowed.
    public Optional<Tool> find(String name, ToolSelection wanted) {
        return source.get().stream()
                .filter(tool -> tool.name().equals(name) && allows(tool, wanted))
                .findFirst();
    }

    /// Whether there is a tool with this name, allowed or not.
    boolean isKnown(String name) {
        return source.get().stream().anyMatch(tool -> tool.name().equals(name));
    }

    private boolean allows(Tool tool, ToolSelection wanted) {
        return allowed.allows(tool.id()) && wanted.allows(tool.id());
    }
}
