package dev.antiphon.tools;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;

import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/// Checks whether the arguments that a model wrote fit the schema of its tool.
final class ArgumentCheck {

    private static final int MAX_CHARACTERS = 64 * 1024;
    private static final int MOST_ERRORS = 3;
    private static final int MAX_ERROR_CHARACTERS = 300;

    /// Fetches nothing: a schema is complete in itself. Keeps no schemas, because they come and go with their tools.
    private static final SchemaRegistry REGISTRY = registry(SpecificationVersion.DRAFT_2020_12);

    /// The version of schemas that name none and do not fit the newest one, for example because of a list of `items`.
    private static final SchemaRegistry OLDER = registry(SpecificationVersion.DRAFT_7);

    private ArgumentCheck() {}

    private static SchemaRegistry registry(SpecificationVersion version) {
        return SchemaRegistry.withDefaultDialect(
                version, builder -> builder.schemaCacheEnabled(false));
    }

    /// The result of a check.
    sealed interface Found {
        record Fits(ObjectNode arguments) implements Found {}

        /// The arguments do not fit.
        ///
        /// @param reason for the model, so that it can correct them
        record Wrong(String reason) implements Found {}
    }

    static Found check(ObjectNode schema, String arguments) {
        if (arguments.length() > MAX_CHARACTERS) {
            return new Found.Wrong(
                    "its arguments have more than " + MAX_CHARACTERS + " characters.");
        }
        try {
            ObjectNode object = Json.readObject(arguments.getBytes(StandardCharsets.UTF_8));
            // Compiled for each call: that takes less than a millisecond.
            Schema compiled = compiled(schema);
            List<com.networknt.schema.Error> errors = compiled.validate(object);
            return errors.isEmpty() ? new Found.Fits(object) : new Found.Wrong(reason(errors));
        } catch (InvalidInput e) {
            return new Found.Wrong("its arguments are not a JSON object (" + e.getMessage() + ").");
        } catch (RuntimeException | StackOverflowError e) {
            // At invalid schemas, the validator also throws exceptions that are not its own.
            return new Found.Wrong("its own schema is invalid; only its author can correct it.");
        }
    }

    /// Checks whether arguments can be checked with a schema that comes from outside.
    ///
    /// @throws IllegalArgumentException when they cannot
    static void requireUsable(ObjectNode schema) {
        try {
            compiled(schema);
        } catch (RuntimeException | StackOverflowError e) {
            throw new IllegalArgumentException("its schema is invalid: " + e.getMessage(), e);
        }
    }

    private static Schema compiled(ObjectNode schema) {
        try {
            return compiled(REGISTRY, schema);
        } catch (RuntimeException e) {
            if (schema.has("$schema")) {
                throw e;
            }
            return compiled(OLDER, schema);
        }
    }

    private static Schema compiled(SchemaRegistry registry, ObjectNode schema) {
        Schema compiled = registry.getSchema(schema);
        compiled.initializeValidators(); // reports errors in the schema
        return compiled;
    }

    private static String reason(List<com.networknt.schema.Error> errors) {
        String reason =
                errors.stream()
                        .limit(MOST_ERRORS)
                        .map(error -> error.getInstanceLocation() + ": " + error.getMessage())
                        .map(ArgumentCheck::shortened)
                        .collect(Collectors.joining("; "));
        return "its arguments do not fit its schema: " + reason + ".";
    }

    private static String shortened(String error) {
        return error.length() <= MAX_ERROR_CHARACTERS
                ? error
                : error.substring(0, MAX_ERROR_CHARACTERS) + "…";
    }
}
