package dev.antiphon.providers;

import dev.antiphon.api.model.ToolCall;
import dev.antiphon.protocol.Ids;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Assembles the tool calls of one answer from streamed pieces. A piece can name its call by id, by index, by name or
/// not at all; services leave out, repeat and mix up each of these. A piece that could belong to two calls makes the
/// whole answer useless, because no tool may run with the arguments of another call.
final class ToolCalls {

    /// Far above what a model requests at once; more calls make the answer useless too.
    private static final int MAX_CALLS = 128;

    private final List<Call> calls = new ArrayList<>();
    private boolean mixedUp;

    /// One call as far as it has arrived.
    static final class Call {

        private final @Nullable Integer index;
        private final String given;
        private final String id;
        private final StringBuilder name = new StringBuilder();
        private final StringBuilder arguments = new StringBuilder();
        private final JsonEnd end = new JsonEnd();
        private String input = "";
        private boolean told;

        private Call(@Nullable Integer index, String given, String id, String name) {
            this.index = index;
            this.given = given;
            this.id = id;
            this.name.append(name);
        }

        String id() {
            return id;
        }

        String name() {
            return name.toString();
        }

        /// Whether the arguments are one complete JSON value.
        private boolean isWhole() {
            return end.isReached();
        }

        /// Adds a piece of the arguments.
        ///
        /// @return whether it is new; some services repeat a complete call at its end
        private boolean add(String piece) {
            if (isWhole() && piece.contentEquals(arguments)) {
                return false;
            }
            arguments.append(piece);
            end.take(piece);
            return true;
        }

        /// The arguments to use if no piece of them arrives.
        void input(String json) {
            input = json;
        }

        private String all() {
            String all = arguments.toString();
            return !all.isBlank() ? all : input.isBlank() ? "{}" : input;
        }
    }

    /// The result of a piece.
    ///
    /// @param arguments the new arguments; can be empty
    record Piece(Call call, String arguments) {}

    /// Takes a piece that can have any or no information about its call.
    ///
    /// @param id empty when the piece has none; the same for the name
    /// @return null when there is nothing to report
    @Nullable Piece take(@Nullable Integer index, String id, String name, String arguments) {
        Call call = call(index, id, name, arguments);
        if (call == null || !call.add(arguments) || arguments.isEmpty()) {
            return null;
        }
        call.told = true;
        return new Piece(call, arguments);
    }

    /// Begins a call that the service marks as a new one.
    ///
    /// @param id empty when the service gives none; replaced when another call has it
    @Nullable Call begin(@Nullable Integer index, String id, String name) {
        if (calls.size() == MAX_CALLS) {
            mixedUp = true;
            return null;
        }
        String unique = id.isBlank() || given(id, index) != null ? Ids.mint("call_") : id;
        Call call = new Call(index, id, unique, name);
        calls.add(call);
        return call;
    }

    /// Takes a call that arrives complete; otherwise like {@link #begin}.
    ///
    /// @return null when there is nothing to report now
    @Nullable Piece whole(String id, String name, String arguments) {
        Call call = begin(null, id, name);
        if (call == null || arguments.isBlank() || !call.add(arguments)) {
            return null;
        }
        call.told = true;
        return new Piece(call, arguments);
    }

    private @Nullable Call call(@Nullable Integer index, String id, String name, String piece) {
        if (!id.isBlank()) {
            Call known = given(id, index);
            if (known != null) {
                return isAnother(known, index, name, piece)
                        ? begin(index, id, name)
                        : named(known, name);
            }
            // Some servers give each piece an id of its own; only the first piece has a name.
            Call begun = latest(index);
            return name.isEmpty() && index != null && begun != null
                    ? begun
                    : begin(index, id, name);
        }
        if (!name.isEmpty()) {
            Call last = latest(index);
            boolean goesOn =
                    last != null
                            && !last.isWhole()
                            && (last.arguments.isEmpty() || last.name().equals(name));
            return goesOn && last != null ? named(last, name) : begin(index, id, name);
        }
        return continued(index, piece);
    }

    /// Takes a name that is repeated, or arrives in pieces.
    private static Call named(Call call, String name) {
        if (call.arguments.isEmpty() && !call.name().equals(name)) {
            call.name.append(name);
        }
        return call;
    }

    /// The call to which a piece without id and name belongs.
    private @Nullable Call continued(@Nullable Integer index, String piece) {
        List<Call> candidates =
                calls.stream().filter(each -> index != null && index.equals(each.index)).toList();
        if (candidates.isEmpty()) {
            candidates = calls;
        }
        List<Call> open = candidates.stream().filter(each -> !each.isWhole()).toList();
        if (open.size() == 1) {
            return open.getFirst();
        }
        if (piece.isBlank()) {
            return null;
        }
        if (open.size() > 1 || candidates.isEmpty()) {
            mixedUp = true;
            return null;
        }
        return candidates
                .getLast(); // its arguments are invalid JSON then: the tool will refuse them
    }

    /// Whether a piece with the id of a complete call begins another one: some servers give all calls one id.
    private static boolean isAnother(
            Call known, @Nullable Integer index, String name, String piece) {
        return known.isWhole()
                && index != null
                && !index.equals(known.index)
                && !name.isEmpty()
                && !piece.contentEquals(known.arguments);
    }

    /// The call with this id; of several, the one with the index, else the newest.
    private @Nullable Call given(String id, @Nullable Integer index) {
        List<Call> alike = calls.stream().filter(each -> each.given.equals(id)).toList();
        for (Call each : alike.reversed()) {
            if (index != null && index.equals(each.index)) {
                return each;
            }
        }
        return alike.isEmpty() ? null : alike.getLast();
    }

    /// The newest call with an index; without an index, the newest of all.
    private @Nullable Call latest(@Nullable Integer index) {
        for (Call each : calls.reversed()) {
            if (index == null || index.equals(each.index)) {
                return each;
            }
        }
        return null;
    }

    /// Calls that the sink has not received: their arguments arrived complete, or not at all.
    List<Piece> untold() {
        List<Piece> untold = new ArrayList<>();
        for (Call each : calls) {
            if (!each.told) {
                each.told = true;
                untold.add(new Piece(each, each.all()));
            }
        }
        return untold;
    }

    /// The calls in the order in which they began.
    List<ToolCall> all() {
        return calls.stream().map(each -> new ToolCall(each.id, each.name(), each.all())).toList();
    }

    /// Whether pieces arrived that cannot be distinguished, or a call without a name.
    boolean isMixedUp() {
        return mixedUp || areMixedUp(all());
    }

    /// Whether complete calls cannot be distinguished.
    static boolean areMixedUp(List<ToolCall> calls) {
        Set<String> ids = new HashSet<>();
        return calls.stream()
                .anyMatch(call ->
                        call.name().isBlank() || call.id().isBlank() || !ids.add(call.id()));
    }

    /// Detects when a JSON object or array that arrives in pieces is complete.
    private static final class JsonEnd {

        private int depth;
        private boolean inText;
        private boolean escaped;
        private boolean reached;

        void take(String piece) {
            for (int i = 0; i < piece.length() && !reached; i++) {
                char next = piece.charAt(i);
                if (escaped) {
                    escaped = false;
                } else if (inText) {
                    escaped = next == '\\';
                    inText = next != '"';
                } else if (next == '"') {
                    inText = true;
                } else if (next == '{' || next == '[') {
                    depth++;
                } else if (next == '}' || next == ']') {
                    reached = --depth <= 0;
                }
            }
        }

        boolean isReached() {
            return reached;
        }
    }
}
