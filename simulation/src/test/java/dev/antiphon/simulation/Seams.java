package dev.antiphon.simulation;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;

import java.util.function.LongSupplier;

/// Makes the models of a world. A mutant makes others.
class Seams {

    ModelRedis redis(
            LongSupplier clock, LongSupplier generations, int keepEntries, Chronicle chronicle) {
        return new ModelRedis(clock, generations, keepEntries) {
            @Override
            void added(SessionId id, Entry entry) {
                chronicle.entered(id, entry);
            }
        };
    }

    SimQueue queue(Host host, Scheduler scheduler, Nats nats, Faults faults, Chronicle chronicle) {
        return new SimQueue(host, scheduler, nats, faults, chronicle);
    }

    SimRegistry registry(Link link, ModelRedis redis, PodId pod, Chronicle chronicle) {
        return new SimRegistry(link, redis, pod, chronicle);
    }
}
