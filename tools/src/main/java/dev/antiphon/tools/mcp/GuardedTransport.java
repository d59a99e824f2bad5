package dev.antiphon.tools.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import io.modelcontextprotocol.spec.McpSchema.ListToolsResult;
import io.modelcontextprotocol.spec.McpTransportSessionNotFoundException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import reactor.core.publisher.Mono;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/// Wraps another transport and adds what the MCP client lacks:
///
/// * It tells the server about a call that no longer has a caller (MCP 2025-06-18, cancellation).
/// * It reads lists element by element, so that one bad element affects only itself. The client reads all or nothing.
/// * It receives the notification that the server's tools have changed. The client would follow the list's
///   cursors endlessly.
/// * It keeps the notification that the server has lost the session away from the calls in it, see {@link #renew}.
final class GuardedTransport implements McpClientTransport {

    /// In the `_meta` of a call: its idempotency key, which servers can use too.
    static final String KEY = "dev.antiphon/key";

    private static final Logger LOG = LoggerFactory.getLogger(GuardedTransport.class);

    private static final TypeRef<McpSchema.Tool> TOOL = new TypeRef<>() {};
    private static final TypeRef<McpSchema.Content> CONTENT = new TypeRef<>() {};

    private final McpClientTransport transport;
    private final Runnable toolsChanged;
    private final BiConsumer<String, String> omitted;

    /// The ids of the requests in progress, by the key of their call; as many as there are calls in progress.
    private final Map<String, Object> calls = new ConcurrentHashMap<>();

    /// The client's handler; does nothing until the client sets it.
    private volatile Consumer<Throwable> exceptionHandler = _ -> {};

    /// @param toolsChanged called when the server reports a change; must not block
    /// @param omitted receives the name of a tool that cannot be read, and the reason
    GuardedTransport(
            McpClientTransport transport,
            Runnable toolsChanged,
            BiConsumer<String, String> omitted) {
        this.transport = transport;
        this.toolsChanged = toolsChanged;
        this.omitted = omitted;
    }

    /// Reports that the call has ended.
    void ended(String key) {
        calls.remove(key);
    }

    /// Reports that the caller has stopped waiting. Does not wait either.
    void cancel(String key) {
        Object id = calls.remove(key);
        if (id != null) {
            var params = Map.of("requestId", id, "reason", "the caller has stopped waiting");
            transport
                    .sendMessage(new JSONRPCNotification("notifications/cancelled", params))
                    .subscribe(
                            null,
                            e -> LOG.atDebug().setCause(e).log("cancelling an MCP call failed"));
        }
    }

    /// Starts a new session at a server that has lost this one; the next request waits for it. Other calls in progress
    /// in the old session fail.
    void renew(McpTransportSessionNotFoundException forgotten) {
        exceptionHandler.accept(forgotten);
    }

    @Override
    public Mono<Void> sendMessage(JSONRPCMessage message) {
        if (message instanceof JSONRPCRequest request
                && request.method().equals(McpSchema.METHOD_TOOLS_CALL)
                && request.params() instanceof CallToolRequest call
                && call.meta() != null
                && call.meta().get(KEY) instanceof String key) {
            calls.put(key, request.id());
        }
        return transport.sendMessage(message);
    }

    @Override
    public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
        return transport.connect(messages -> handler.apply(messages.filter(this::isForTheClient)));
    }

    private boolean isForTheClient(JSONRPCMessage message) {
        if (message instanceof JSONRPCNotification notification
                && notification.method().equals(McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED)) {
            toolsChanged.run();
            return false;
        }
        return true;
    }

    /// The client ends all calls when it learns that the session is lost, before the call that discovered it gets its
    /// own error. That call would then look like one that may have run. So {@link #renew} informs the client.
    @Override
    public void setExceptionHandler(Consumer<Throwable> handler) {
        exceptionHandler = handler;
        transport.setExceptionHandler(e -> {
            if (!(e instanceof McpTransportSessionNotFoundException)) {
                handler.accept(e);
            }
        });
    }

    @Override
    public Mono<Void> closeGracefully() {
        return transport.closeGracefully();
    }

    @Override
    public void close() {
        transport.close();
    }

    @Override
    public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
        if (type.getType() == ListToolsResult.class) {
            return transport.unmarshalFrom(each(data, "tools", this::readableTool), type);
        }
        if (type.getType() == CallToolResult.class) {
            return transport.unmarshalFrom(each(data, "content", this::readableContent), type);
        }
        return transport.unmarshalFrom(data, type);
    }

    /// The data with the elements of one list replaced.
    private static Object each(
            Object data, String name, Function<Map<?, ?>, List<Object>> exchanged) {
        if (!(data instanceof Map<?, ?> map) || !(map.get(name) instanceof List<?> elements)) {
            return data;
        }
        List<Object> readable = new ArrayList<>();
        for (Object element : elements) {
            readable.addAll(exchanged.apply(element instanceof Map<?, ?> each ? each : Map.of()));
        }
        Map<Object, Object> changed = new HashMap<>(map);
        changed.put(name, readable);
        return changed;
    }

    private List<Object> readableTool(Map<?, ?> tool) {
        String name = String.valueOf(tool.get("name"));
        try {
            if (transport.unmarshalFrom(tool, TOOL).name().isEmpty()) {
                omitted.accept(name, "it has no name");
                return List.of();
            }
            return List.of(tool);
        } catch (RuntimeException e) { // the reader can throw anything at data from outside
            omitted.accept(name, String.valueOf(e.getMessage()));
            return List.of();
        }
    }

    /// Names a part of a result that cannot be read, so that the model knows that there was more.
    private List<Object> readableContent(Map<?, ?> content) {
        try {
            transport.unmarshalFrom(content, CONTENT);
            return List.of(content);
        } catch (RuntimeException e) { // of a later protocol, or invalid
            LOG.atDebug().setCause(e).log("MCP server sent unreadable content");
            return List.of(McpTool.unreadable(String.valueOf(content.get("type"))));
        }
    }

    @Override
    public List<String> protocolVersions() {
        return transport.protocolVersions();
    }
}
