package dev.antiphon.testkit;

import static dev.antiphon.testkit.Wire.quoted;

import dev.antiphon.testkit.FakeModelServer.Request;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// OpenAI's Responses.
public final class ResponsesWire implements Wire {

    private static final String UNNUMBERED = "\"sequence_number\":0";

    @Override
    public String provider() {
        return "openai";
    }

    @Override
    public String path() {
        return "/v1";
    }

    private static String event(String type, String fields) {
        return "event: "
                + type
                + "\ndata: {\"type\":\""
                + type
                + "\","
                + UNNUMBERED
                + fields
                + "}\n\n";
    }

    private static String response(String status, String more) {
        return ",\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1731000000,\"status\":\""
                + status
                + "\",\"error\":null,\"model\":\""
                + MODEL
                + "\",\"output\":[]"
                + more
                + "}";
    }

    /// The events of some parts, numbered as the service numbers them.
    public static List<String> numbered(String... parts) {
        List<String> events = new ArrayList<>();
        for (String event : String.join("", parts).split("(?<=\n\n)", -1)) {
            if (!event.isEmpty()) {
                events.add(event.replace(UNNUMBERED, "\"sequence_number\":" + events.size()));
            }
        }
        return events;
    }

    @Override
    public Map<String, String> environment(String address) {
        return Map.of("OPENAI_BASE_URL", address + path(), "CHAT_OPENAI_API", "responses");
    }

    @Override
    public String toString() {
        return provider() + " (responses)";
    }

    @Override
    public String begin() {
        return event("response.created", response("queued", ",\"usage\":null"))
                + event("response.in_progress", response("in_progress", ",\"usage\":null"));
    }

    @Override
    public String text(String piece) {
        return event(
                "response.output_text.delta",
                ",\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":"
                        + quoted(piece)
                        + ",\"logprobs\":[]");
    }

    @Override
    public String reasoning(String piece) {
        String item = ",\"output_index\":0,\"item\":{\"id\":\"rs_1\",\"type\":\"reasoning\"";
        return event("response.output_item.added", item + ",\"summary\":[]}")
                + event(
                        "response.reasoning_summary_part.added",
                        ",\"item_id\":\"rs_1\",\"summary_index\":0")
                + event(
                        "response.reasoning_summary_text.delta",
                        ",\"item_id\":\"rs_1\",\"output_index\":0,\"summary_index\":0,\"delta\":"
                                + quoted(piece))
                + event(
                        "response.output_item.done",
                        item + ",\"summary\":[],\"encrypted_content\":\"signed-by-the-service\"}");
    }

    @Override
    public String toolCall(int index, String id, String name, String arguments) {
        int half = arguments.length() / 2;
        String item = "fc_" + index;
        return event("response.output_item.added", item(item, id, name, ""))
                + argument(item, arguments.substring(0, half))
                + argument(item, arguments.substring(half))
                + event("response.output_item.done", item(item, id, name, arguments));
    }

    private static String item(String item, String id, String name, String arguments) {
        return ",\"output_index\":0,\"item\":{\"id\":\""
                + item
                + "\",\"type\":\"function_call\",\"status\":\"in_progress\",\"call_id\":\""
                + id
                + "\",\"name\":\""
                + name
                + "\",\"arguments\":"
                + quoted(arguments)
                + "}";
    }

    private static String argument(String item, String piece) {
        return event(
                "response.function_call_arguments.delta",
                ",\"item_id\":\"" + item + "\",\"output_index\":0,\"delta\":" + quoted(piece));
    }

    @Override
    public String end(Reason reason, @Nullable Integer tokens) {
        String usage =
                tokens == null
                        ? ",\"usage\":null"
                        : ",\"usage\":{\"input_tokens\":9,\"output_tokens\":"
                                + tokens
                                + ",\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":"
                                + (9 + tokens)
                                + "}";
        return reason == Reason.LENGTH
                ? event(
                        "response.incomplete",
                        response(
                                "incomplete",
                                ",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}"
                                        + usage))
                : event(
                        "response.completed",
                        response("completed", ",\"incomplete_details\":null" + usage));
    }

    @Override
    public String error() {
        return "event: error\ndata: {\"type\":\"error\",\"code\":\"invalid_prompt\",\"message\":\"leak\",\"param\":null,\"sequence_number\":0}\n\n";
    }

    @Override
    public String hugeBeginning() {
        return "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"";
    }

    @Override
    public String malformed() {
        return "event: response.output_text.delta\ndata: {\"leak\n\n";
    }

    @Override
    public String keepAlive() {
        return event("keepalive", "");
    }

    @Override
    public Asked asked(Request request) {
        JsonNode body = request.body();
        return new Asked(
                body.path("model").asString(""),
                body.has("temperature") ? body.get("temperature").asDouble() : null,
                body.has("max_output_tokens") ? body.get("max_output_tokens").asInt() : null,
                body.path("instructions").asString(""),
                body.toString());
    }
}
