package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.protocol.Json;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Converts tools into LangChain4j's form. Any JSON schema can be converted. LangChain4j has types for the usual
/// schemas and throws at some of the others (`true` as a schema, a list of `items`). Those are passed on unchanged, one
/// by one, so that an unusual property does not cost its tool or the other tools of the call.
final class LangChainTools {

    private LangChainTools() {}

    static List<ToolSpecification> of(ModelCall call) {
        return call.tools().stream().map(LangChainTools::of).toList();
    }

    private static ToolSpecification of(ToolSpec tool) {
        ObjectNode schema = tool.parameters();
        JsonObjectSchema.Builder parameters =
                JsonObjectSchema.builder()
                        .addProperties(elements(schema.path("properties")))
                        .required(
                                schema.path("required")
                                        .valueStream()
                                        .filter(JsonNode::isString)
                                        .map(JsonNode::stringValue)
                                        .toList());
        if (schema.path("description").isString()) {
            parameters.description(schema.path("description").stringValue());
        }
        if (schema.path("additionalProperties").isBoolean()) {
            parameters.additionalProperties(schema.path("additionalProperties").booleanValue());
        }
        Map<String, JsonSchemaElement> definitions = elements(schema.path("$defs"));
        if (!definitions.isEmpty()) {
            parameters.definitions(definitions);
        }
        return ToolSpecification.builder()
                .name(tool.name())
                .description(tool.description())
                .parameters(parameters.build())
                .build();
    }

    private static Map<String, JsonSchemaElement> elements(JsonNode schemas) {
        Map<String, JsonSchemaElement> elements = new LinkedHashMap<>();
        schemas.properties().forEach(each -> elements.put(each.getKey(), element(each.getValue())));
        return elements;
    }

    private static JsonSchemaElement element(JsonNode schema) {
        if (schema instanceof ObjectNode object) {
            try {
                return typed(object);
            } catch (RuntimeException e) {
                return JsonRawSchema.from(object.toString()); // LangChain4j has no type for it
            }
        }
        // In JSON schema, `true` allows every value and `false` allows none.
        boolean isNothing = schema.isBoolean() && !schema.booleanValue();
        return JsonRawSchema.from(isNothing ? "{\"not\":{}}" : "{}");
    }

    /// Converts with the only method of LangChain4j that accepts JSON, which converts a whole tool.
    private static JsonSchemaElement typed(ObjectNode schema) {
        ObjectNode tool = Json.object().put("name", "any");
        tool.putObject("parameters")
                .put("type", "object")
                .putObject("properties")
                .set("any", schema);
        JsonSchemaElement element =
                ToolSpecification.fromJson(tool.toString()).parameters().properties().get("any");
        if (element == null) {
            throw new IllegalArgumentException("the schema was not converted");
        }
        return element;
    }
}
