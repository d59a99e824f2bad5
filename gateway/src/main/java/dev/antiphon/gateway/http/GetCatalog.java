package dev.antiphon.gateway.http;

import dev.antiphon.backplane.catalog.Catalog;
import dev.antiphon.backplane.catalog.Offer;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `GET /api/models` and `GET /api/workflows`: the names that a request can use (PROTOCOL.md §4).
final class GetCatalog implements Endpoint {

    private final Catalog catalog;
    private final Offer.Kind kind;
    private final String field;

    private GetCatalog(Catalog catalog, Offer.Kind kind, String field) {
        this.catalog = catalog;
        this.kind = kind;
        this.field = field;
    }

    static GetCatalog models(Catalog catalog) {
        return new GetCatalog(catalog, Offer.Kind.MODEL, "models");
    }

    static GetCatalog workflows(Catalog catalog) {
        return new GetCatalog(catalog, Offer.Kind.WORKFLOW, "workflows");
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.when(
                catalog.offers(kind),
                offers -> {
                    ObjectNode answer = Json.object();
                    ArrayNode list = answer.putArray(field);
                    offers.forEach(list::add);
                    exchange.json(200, Json.bytes(answer));
                });
    }
}
