package dev.antiphon.worker.tool;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;

import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/// Whether the arguments that a model wrote fit the schema of its tool.
final class ArgumentCheck {

    private static final int MAX_CHARACTERS = 64 * 1024;
    private static final int ERRORS_TOLD = 3;
    private static final int MAX_ERROR_CHARACTERS = 300;

    /// Fetches nothing: a schema is what its tool says. Keeps no schemas, which come and go with their tools.
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(
                    SpecificationVersion.DRAFT_2020_12,
                    builder -> builder.schemaCacheEnabled(false));

    private ArgumentCheck() {}

    /// What was found.
    sealed interface Found {
        record Fits(ObjectNode arguments) implements Found {}

        /// They do not fit.
        ///
        /// @param reason for the model, so that it can do better
        record Wrong(String reason) implements Found {}
    }

    static Found check(ObjectNode schema, String arguments) {
        if (arguments.length() > MAX_CHARACTERS) {
            return new Found.Wrong(
                    "its arguments have more than " + MAX_CHARACTERS + " characters.");
        }
        try {
            ObjectNode object = Json.readObject(arguments.getBytes(StandardCharsets.UTF_8));
            // Not kept from call to call: it takes less than a millisecond.
            Schema compiled = REGISTRY.getSchema(schema);
            List<com.networknt.schema.Error> errors = compiled.validate(object);
            return errors.isEmpty() ? new Found.Fits(object) : new Found.Wrong(reason(errors));
        } catch (InvalidInput e) {
            return new Found.Wrong("its arguments are not a JSON object (" + e.getMessage() + ").");
        } catch (SchemaException e) {
            return new Found.Wrong("its own schema is broken, which only its maker can repair.");
        }
    }

    private static String reason(List<com.networknt.schema.Error> errors) {
        String told =
                errors.stream()
                        .limit(ERRORS_TOLD)
                        .map(error -> error.getInstanceLocation() + ": " + error.getMessage())
                        .map(ArgumentCheck::shortened)
                        .collect(Collectors.joining("; "));
        return "its arguments do not fit its schema: " + told + ".";
    }

    private static String shortened(String error) {
        return error.length() <= MAX_ERROR_CHARACTERS
                ? error
                : error.substring(0, MAX_ERROR_CHARACTERS) + "…";
    }
}
