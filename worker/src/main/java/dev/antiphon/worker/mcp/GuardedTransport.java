package dev.antiphon.worker.mcp;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import reactor.core.publisher.Mono;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/// Another transport that can also tell the server that nobody waits for a call any more, which the client itself does
/// not (MCP 2025-06-18, cancellation).
///
/// @param calls the ids of the requests under way by the key of their call; as many as there are calls under way
record CancellingTransport(McpClientTransport transport, Map<String, Object> calls)
        implements McpClientTransport {

    /// In the `_meta` of a call: its idempotency key, which is of use to servers, too.
    static final String KEY = "dev.antiphon/key";

    private static final Logger LOG = LoggerFactory.getLogger(CancellingTransport.class);

    CancellingTransport(McpClientTransport transport) {
        this(transport, new ConcurrentHashMap<>());
    }

    /// The call has ended.
    void ended(String key) {
        calls.remove(key);
    }

    /// Nobody waits for the call any more. Does not wait either.
    void cancel(String key) {
        Object id = calls.remove(key);
        if (id != null) {
            var params = Map.of("requestId", id, "reason", "nobody waits any more");
            transport
                    .sendMessage(new JSONRPCNotification("notifications/cancelled", params))
                    .subscribe(
                            null,
                            e -> LOG.atDebug().setCause(e).log("an MCP call was not cancelled"));
        }
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
        return transport.connect(handler);
    }

    @Override
    public void setExceptionHandler(Consumer<Throwable> handler) {
        transport.setExceptionHandler(handler);
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
        return transport.unmarshalFrom(data, type);
    }

    @Override
    public List<String> protocolVersions() {
        return transport.protocolVersions();
    }
}
