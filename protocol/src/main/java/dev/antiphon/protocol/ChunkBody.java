package dev.antiphon.protocol;

import tools.jackson.databind.node.ObjectNode;

import java.util.Set;

/// The content of one chunk (PROTOCOL.md §3). Only {@link Content} carries answer text, so a client that simply
/// concatenates `chunk` gets the answer.
public sealed interface ChunkBody {

    /// The `chunk_type` on the wire.
    String type();

    /// A piece of the answer; empty only in a final chunk.
    record Content(String text) implements ChunkBody {
        @Override
        public String type() {
            return "content";
        }
    }

    /// A piece of the model's reasoning, for clients that show it; `metadata.text`.
    record Reasoning(String text) implements ChunkBody {
        @Override
        public String type() {
            return "reasoning";
        }
    }

    /// The model asks for a tool; `arguments` is the JSON text that the model wrote.
    record ToolCall(String callId, String name, String arguments) implements ChunkBody {
        @Override
        public String type() {
            return "tool_call";
        }
    }

    record ToolResult(String callId, String name, String result) implements ChunkBody {
        @Override
        public String type() {
            return "tool_result";
        }
    }

    /// Progress that a person might want to see while waiting; `metadata.status` names it.
    ///
    /// @param details further metadata. Its names must differ from the names of the contract; treat as read-only
    record Status(String status, ObjectNode details) implements ChunkBody {

        /// The status of a chunk that asks the user, and the name of the question in its details.
        public static final String INTERRUPT = "interrupt";

        /// The status of a chunk that carries the user's `answer`.
        public static final String RESUMED = "resumed";

        /// The other field names in the `metadata` of a chunk, final chunks included.
        static final Set<String> TAKEN =
                Set.of("status", "model", "tokens_used", "finish_reason", "stop_reason");

        public Status {
            for (String name : TAKEN) {
                if (details.has(name)) {
                    throw new IllegalArgumentException("details must not have " + name);
                }
            }
        }

        @Override
        public String type() {
            return "status";
        }
    }

    /// Withdraws the text of the chunks from `fromChunkId` on. The chunks that follow replace it.
    record Reset(int fromChunkId) implements ChunkBody {

        public Reset {
            if (fromChunkId < 0) {
                throw new IllegalArgumentException(
                        "from_chunk_id must not be negative, but is " + fromChunkId);
            }
        }

        @Override
        public String type() {
            return "reset";
        }
    }

    /// The answer failed. Always the last chunk.
    ///
    /// @param message for a person; never a stack trace or a secret
    record Failure(ErrorCode code, String message) implements ChunkBody {
        @Override
        public String type() {
            return "error";
        }
    }
}
