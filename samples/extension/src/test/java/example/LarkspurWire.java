package example;

import dev.antiphon.testkit.FakeModelServer.Request;
import dev.antiphon.testkit.Wire;

import tools.jackson.databind.JsonNode;

import java.util.Map;

/// The streams and requests of the service, written from its documentation.
final class LarkspurWire implements Wire {

    @Override
    public String provider() {
        return "larkspur";
    }

    @Override
    public Map<String, String> environment(String address) {
        return Map.of("LARKSPUR_URL", address, "LARKSPUR_KEY", "secret");
    }

    @Override
    public String contentType() {
        return "application/jsonl";
    }

    @Override
    public String begin() {
        return "{\"note\":\"thinking\"}\n";
    }

    @Override
    public String text(String piece) {
        return "{\"words\":" + Wire.quoted(piece) + "}\n";
    }

    @Override
    public String end(Reason reason, Integer tokens) {
        String word = reason == Reason.LENGTH ? "budget" : "done";
        String spent = tokens == null ? "" : ",\"spent\":" + tokens;
        return "{\"fin\":\"" + word + "\"" + spent + "}\n";
    }

    @Override
    public String error() {
        return "{\"trouble\":\"no_rest\",\"words\":\"leak\"}\n";
    }

    @Override
    public String hugeBeginning() {
        return "{\"words\":\"";
    }

    @Override
    public String malformed() {
        return "{\"leak\n";
    }

    @Override
    public String keepAlive() {
        return "\n";
    }

    @Override
    public Asked asked(Request request) {
        JsonNode body = request.body();
        return new Asked(
                body.path("model").asString(""),
                body.has("heat") ? body.get("heat").doubleValue() : null,
                body.has("budget") ? body.get("budget").intValue() : null,
                body.path("manner").asString(""),
                body.toString());
    }
}
