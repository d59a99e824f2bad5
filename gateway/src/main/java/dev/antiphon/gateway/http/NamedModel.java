package dev.antiphon.gateway.http;

import dev.antiphon.backplane.catalog.Catalog;
import dev.antiphon.backplane.catalog.Offer;
import dev.antiphon.protocol.RequestContext;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// The model's name in the last chunk of an answer that a gateway ends: the model of the request, else the one that
/// workers offer for such a request, else the provider. Never empty.
final class NamedModel {

    /// The name when no worker offers anything.
    private static final String UNKNOWN = "unknown";

    private final Catalog catalog;

    NamedModel(Catalog catalog) {
        this.catalog = catalog;
    }

    CompletionStage<String> of(RequestContext context) {
        String model = context.model();
        return model != null
                ? CompletableFuture.completedStage(model)
                : catalog.offers(Offer.Kind.MODEL)
                        .thenApply(offers -> offered(context.aiProvider(), offers));
    }

    private static String offered(@Nullable String provider, List<ObjectNode> offers) {
        List<ObjectNode> fitting =
                offers.stream()
                        .filter(offer ->
                                provider == null
                                        ? offer.path("default").asBoolean()
                                        : text(offer, "provider").equals(provider))
                        .toList();
        ObjectNode only =
                fitting.stream()
                        .filter(offer -> offer.path("default").asBoolean())
                        .findFirst()
                        .orElse(fitting.size() == 1 ? fitting.getFirst() : null);
        if (only != null && !text(only, "model").isEmpty()) {
            return text(only, "model");
        } else if (provider != null) {
            return provider;
        }
        return only != null && !text(only, "provider").isEmpty() ? text(only, "provider") : UNKNOWN;
    }

    private static String text(ObjectNode offer, String field) {
        return offer.path(field).stringValue("");
    }
}
