package dev.antiphon.worker;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.backplane.catalog.Offer;
import dev.antiphon.engine.run.Providers;
import dev.antiphon.engine.workflow.CompiledWorkflow;
import dev.antiphon.engine.workflow.Workflows;
import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// The offers of a worker, in the form of the catalog.
final class Offers {

    private Offers() {}

    static List<Offer> of(Providers providers, Workflows workflows) {
        List<Offer> offers = new ArrayList<>(models(providers));
        for (CompiledWorkflow workflow : workflows.all()) {
            ObjectNode details = workflow.describe();
            details.put("default", workflow.equals(workflows.fallback()));
            offers.add(new Offer(Offer.Kind.WORKFLOW, workflow.name(), details));
        }
        return offers;
    }

    /// The models of all providers. The default is the model for requests that name none.
    static List<Offer> models(Providers providers) {
        List<Offer> offers = new ArrayList<>();
        for (ModelProvider provider : providers.all()) {
            @Nullable String standard = providers.defaultModelOf(provider);
            if (standard == null) {
                offers.add(model(provider, null, provider.equals(providers.fallback())));
            }
            for (String model : named(provider, standard)) {
                boolean isDefault =
                        provider.equals(providers.fallback()) && Objects.equals(model, standard);
                offers.add(model(provider, model, isDefault));
            }
        }
        return offers;
    }

    private static Set<String> named(ModelProvider provider, @Nullable String standard) {
        Set<String> named = new LinkedHashSet<>();
        if (standard != null) {
            named.add(standard);
        }
        named.addAll(provider.models());
        return named;
    }

    private static Offer model(ModelProvider provider, @Nullable String model, boolean isDefault) {
        ObjectNode details = Json.object();
        details.put("provider", provider.name());
        details.put("model", model);
        details.put("default", isDefault);
        return new Offer(
                Offer.Kind.MODEL, provider.name() + "/" + (model == null ? "" : model), details);
    }
}
