package dev.antiphon.backplane.catalog;

import static dev.antiphon.backplane.RealRedis.answer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;

/// The scripts announce and offers.
final class CatalogTest {

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Catalog catalog = new Catalog(REDIS.redis());

    private static Offer offer(Offer.Kind kind, String name, String says) {
        return new Offer(kind, name, Json.object().put("says", says));
    }

    private void announce(Offer... offers) {
        answer(catalog.announce(List.of(offers)));
    }

    private List<String> models() {
        return answer(catalog.offers(Offer.Kind.MODEL)).stream()
                .map(details -> details.get("says").stringValue())
                .toList();
    }

    @Test
    void workersAnnouncementsAreOfferedByKindAndName() {
        announce(
                offer(Offer.Kind.MODEL, "b/x", "bx"),
                offer(Offer.Kind.MODEL, "a/y", "ay"),
                offer(Offer.Kind.WORKFLOW, "a", "a workflow"));
        announce(offer(Offer.Kind.MODEL, "a/z", "az"));

        assertThat(models()).containsExactly("ay", "az", "bx");
        assertThat(answer(catalog.offers(Offer.Kind.WORKFLOW))).hasSize(1);
    }

    @Test
    void aLaterOfferOfTheSameNameReplacesTheEarlierOne() {
        announce(offer(Offer.Kind.MODEL, "a/y", "old"));
        announce(offer(Offer.Kind.MODEL, "a/y", "new"));

        assertThat(models()).containsExactly("new");
    }

    @Test
    void offersThatAreNoLongerAnnouncedExpire() {
        announce(offer(Offer.Kind.MODEL, "a/y", "dead"), offer(Offer.Kind.MODEL, "a/z", "alive"));
        REDIS.commands().hset(Keys.CATALOG, "model:a/y", "1 {\"says\":\"dead\"}");

        assertThat(models()).containsExactly("alive");
        assertThat(REDIS.commands().hlen(Keys.CATALOG)).isEqualTo(1);
        assertThat(REDIS.commands().ttl(Keys.CATALOG)).isPositive();
    }

    @Test
    void thereIsAMostThatIsOffered() {
        List<Offer> many = new ArrayList<>();
        for (int i = 0; i <= Catalog.MOST_OFFERS; i++) {
            many.add(offer(Offer.Kind.MODEL, "m" + i, "" + i));
        }
        answer(catalog.announce(many));
        announce(offer(Offer.Kind.MODEL, "m0", "still"));

        assertThat(models()).hasSize(Catalog.MOST_OFFERS).contains("still");
    }
}
