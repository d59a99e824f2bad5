package dev.antiphon.backplane.catalog;

import static dev.antiphon.backplane.Redis.bytes;

import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.Script;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// The offers of all workers together. An offer stays for {@link #KEPT} after its last announcement. The offers of dead
/// workers therefore end soon, and no worker needs to withdraw anything.
///
/// No call blocks; all can be repeated; stages fail with {@link dev.antiphon.backplane.Unavailable}.
public final class Catalog {

    /// How long an offer stays. A worker's restart is shorter.
    public static final Duration KEPT = Duration.ofSeconds(30);

    /// How often to announce: an offer survives two lost announcements.
    public static final Duration ANNOUNCE_EVERY = Duration.ofSeconds(10);

    /// Offers that are kept, because a page shows a menu of them. Further ones are not listed.
    static final int MOST_OFFERS = 1_000;

    private static final Script ANNOUNCE = Script.load(Catalog.class, "announce.lua");
    private static final Script OFFERS = Script.load(Catalog.class, "offers.lua");

    private final Redis redis;

    public Catalog(Redis redis) {
        this.redis = redis;
    }

    /// Announces a worker's offers. They replace another worker's offers of the same names.
    public CompletionStage<Void> announce(List<Offer> offers) {
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(bytes(KEPT.toSeconds()));
        arguments.add(bytes(MOST_OFFERS));
        for (Offer offer : offers) {
            arguments.add(bytes(prefix(offer.kind()) + offer.name()));
            arguments.add(Json.bytes(offer.details()));
        }
        return redis.call(ANNOUNCE, new String[] {Keys.CATALOG}, arguments.toArray(byte[][]::new))
                .thenAccept(_ -> {});
    }

    /// The details of everything of a kind that is offered now, by name.
    public CompletionStage<List<ObjectNode>> offers(Offer.Kind kind) {
        return redis.call(OFFERS, new String[] {Keys.CATALOG}, bytes(prefix(kind)))
                .thenApply(found ->
                        found.stream().map(each -> Json.readObject((byte[]) each)).toList());
    }

    private static String prefix(Offer.Kind kind) {
        return kind.wire() + ":";
    }
}
