package dev.antiphon.providers;

import static dev.antiphon.providers.WireCalls.PATIENT;
import static dev.antiphon.providers.WireCalls.call;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.protocol.Json;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.Wire;
import dev.antiphon.testkit.Wire.Reason;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;

/// Schemas of tools come from outside. Whatever JSON schema allows reaches the service, and never ends the call.
@ParameterizedClass
@MethodSource("dev.antiphon.testkit.Wire#all")
final class ToolSchemaTest {

    /// The schema of a property named `mark`.
    private static final List<String> PROPERTIES =
            List.of(
                    "true",
                    "false",
                    "{}",
                    "{'const':'a'}",
                    "{'enum':['a','b',null]}",
                    "{'enum':'a'}",
                    "{'type':['string','null']}",
                    "{'type':'STRING','description':7}",
                    "{'type':'null'}",
                    "{'type':'integer','enum':[1,2]}",
                    "{'type':'string','format':'date-time','pattern':'^(?=x)'}",
                    "{'type':'array'}",
                    "{'type':'array','items':true}",
                    "{'type':'array','items':[{'type':'string'},{'type':'number'}]}",
                    "{'type':'array','prefixItems':[{'type':'string'}],'items':false}",
                    "{'type':'object','properties':{'deep':true}}",
                    "{'type':'object','properties':[],'required':true}",
                    "{'type':'object','additionalProperties':{'type':'string'}}",
                    "{'type':'object','patternProperties':{'^s_':{'type':'string'}}}",
                    "{'anyOf':[true,{'type':'null'}],'default':null}",
                    "{'oneOf':[{'type':'string'},{'type':'integer'}]}",
                    "{'allOf':[{'type':'string'},{'minLength':1}]}",
                    "{'not':{'type':'string'}}",
                    "{'$ref':'#/$defs/P'}",
                    "{'$ref':'#/properties/other'}",
                    "{'$ref':7}",
                    "[]",
                    "'text'",
                    "null");

    /// Whole schemas.
    private static final List<String> WHOLE =
            List.of(
                    "{}",
                    "{'properties':true}",
                    "{'type':'object','properties':{'mark':{'type':'string'}},'required':'mark'}",
                    "{'type':'object','properties':{'mark':{'type':'string'}},'required':[1,null]}",
                    "{'type':'object','additionalProperties':{'type':'string'},'description':[]}",
                    "{'oneOf':[{'type':'object'},{'type':'object'}]}",
                    "{'type':'object','$defs':{'P':true,'Q':{'$ref':'#/$defs/P'}},'$schema':'urn:x'}");

    private final Wire wire;
    private final WireCalls calls;

    ToolSchemaTest(Wire wire) {
        this.wire = wire;
        this.calls = new WireCalls(wire);
    }

    @AfterEach
    void close() throws Exception {
        calls.close();
    }

    private static ToolSpec tool(int number, String schema) {
        byte[] json = schema.replace('\'', '"').getBytes(UTF_8);
        return new ToolSpec("tool_" + number, "Does it.", Json.readObject(json));
    }

    @Test
    void anySchemaReachesTheService() throws Exception {
        List<String> schemas = new ArrayList<>(WHOLE);
        for (String property : PROPERTIES) {
            schemas.add(
                    "{'type':'object','$defs':{'P':{'type':'string'}},'properties':{'other':{'type':'string'},'mark':"
                            + property
                            + "},'required':['mark']}");
        }
        List<ToolSpec> tools = new ArrayList<>();
        for (String schema : schemas) {
            tools.add(tool(tools.size(), schema));
        }
        FakeModelServer server =
                calls.server(calls.stream(wire.text("fine"), wire.end(Reason.STOP, 12)));

        calls.provider(server, PATIENT).stream(call("hi").withTools(tools), calls.sink);

        assertThat(calls.sink.pieces).containsExactly("fine");
        String asked = wire.asked(server.requests.getFirst()).all();
        for (ToolSpec tool : tools) {
            assertThat(asked).contains("\"" + tool.name() + "\"");
        }
        assertThat(asked.split("\"mark\"", -1)).hasSizeGreaterThanOrEqualTo(PROPERTIES.size());
    }
}
