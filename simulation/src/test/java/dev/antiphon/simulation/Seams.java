package dev.antiphon.simulation;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;

import java.util.function.LongSupplier;

/// Creates the models of a world. A mutant creates others.
class Seams {

    Faults faults(Scheduler scheduler, Kinds kinds) {
        return new Faults(scheduler, kinds);
    }

    SimDoorbell doorbell(Host host, Nats nats) {
        return new SimDoorbell(host, nats);
    }

    ModelRedis redis(
            LongSupplier clock, LongSupplier generations, int keepEntries, Chronicle chronicle) {
        return new ModelRedis(clock, generations, keepEntries) {
            @Override
            void added(SessionId id, Entry entry) {
                chronicle.entered(id, entry);
            }

            @Override
            void begunAgain() {
                chronicle.count(Chronicle.Count.BEGUN_AGAIN);
            }

            @Override
            void told(SessionId id, SessionPods pods) {
                chronicle.told(membersOf(id), pods);
            }
        };
    }

    SimQueue queue(Host host, Scheduler scheduler, Nats nats, Faults faults, Chronicle chronicle) {
        return nats.hasJetStream()
                ? new SimQueue(host, scheduler, nats, faults, chronicle)
                : new SimCoreQueue(host, scheduler, nats, faults, chronicle);
    }

    SimRows rows(Host host, Scheduler scheduler, Faults faults, ModelRows rows, SimLog log) {
        return new SimRows(host, scheduler, faults, rows, log);
    }

    SimRegistry registry(Link link, ModelRedis redis, PodId pod, Chronicle chronicle, SimLog log) {
        return new SimRegistry(link, redis, pod, chronicle, log);
    }
}
