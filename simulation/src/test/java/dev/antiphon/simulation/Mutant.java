package dev.antiphon.simulation;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.gateway.stream.Cursor;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.RingBatch;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/// One way to remove a safeguard: a patch of the production class's bytes, or a faulty model at a seam. A simulation
/// that does not notice proves nothing about that safeguard.
enum Mutant {
    NO_FENCING {
        @Override
        Seams seams() {
            return new RedisSeams() {
                @Override
                boolean holds(ModelSession session, Batch batch) {
                    return batch.message().equals(session.active);
                }
            };
        }
    },
    NO_LEASE_CHECK {
        @Override
        Seams seams() {
            return new RedisSeams() {
                @Override
                boolean isBusy(WorkerId holder) {
                    return false;
                }
            };
        }
    },
    SETTLED_READ_LAST {
        @Override
        Seams seams() {
            return new RedisSeams() {
                @Override
                Optional<Recent> newest(ModelRedis redis, SessionId id, Optional<Recent> recent) {
                    return recent.flatMap(
                            each -> redis.tail(id).map(tail -> new Recent(each.turns(), tail)));
                }
            };
        }
    },
    ACK_ON_RECEIPT {
        @Override
        Seams seams() {
            return new Seams() {
                @Override
                SimQueue queue(
                        Host host,
                        Scheduler scheduler,
                        Nats nats,
                        Faults faults,
                        Chronicle chronicle) {
                    return new SimQueue(host, scheduler, nats, faults, chronicle) {
                        @Override
                        Delivery delivery(StoredRequest request) {
                            Delivery delivery = super.delivery(request);
                            delivery.ack();
                            return delivery;
                        }
                    };
                }
            };
        }
    },
    POLL_WITHOUT_READDING_MEMBERS {
        @Override
        Seams seams() {
            return new Seams() {
                @Override
                SimRegistry registry(
                        Link link, ModelRedis redis, PodId pod, Chronicle chronicle, SimLog log) {
                    return new SimRegistry(link, redis, pod, chronicle, log) {
                        @Override
                        public CompletionStage<Void> refresh(
                                SessionId session, ConnectionId connection) {
                            return CompletableFuture.allOf();
                        }
                    };
                }
            };
        }
    },
    RING_FORGOTTEN(Patch.nothing("dev.antiphon.backplane.doorbell.RingingSessionLog", "ring")),
    BATCH_FORGOTTEN(Patch.nothing("dev.antiphon.backplane.doorbell.Doorbell", "tick")),
    BATCH_OVERTAKEN(Patch.nothing("dev.antiphon.backplane.doorbell.Doorbell", "sendWaiting")),
    BATCH_TO_PLAIN_POD(Patch.yes("dev.antiphon.protocol.ConnectionId", "takesBatches")),
    BATCH_SWAPPED {
        @Override
        Seams seams() {
            return new Seams() {
                @Override
                SimDoorbell doorbell(Host host, Nats nats) {
                    return new SimDoorbell(host, nats) {
                        @Override
                        public void batch(PodId pod, RingBatch batch) {
                            RingBatch swapped = new RingBatch();
                            batch.rings().reversed().forEach(swapped::add);
                            super.batch(pod, swapped);
                        }
                    };
                }
            };
        }
    },
    BATCH_LOST_WITHOUT_POLL(Patch.nothing("dev.antiphon.gateway.stream.Feed", "poll")) {
        @Override
        Seams seams() {
            return new Seams() {
                @Override
                Faults faults(Scheduler scheduler, Kinds kinds) {
                    return new Faults(scheduler, kinds) {
                        @Override
                        boolean happens(Kind kind) {
                            return kind == Kind.BATCH_LOST && scheduler.chance(0.1);
                        }
                    };
                }
            };
        }
    },
    IMMEDIATE_ACK(Patch.zero("dev.antiphon.engine.run.Acker", "toNanos")),
    ACK_WITHOUT_ASKING(Patch.yes("dev.antiphon.engine.run.Acker", "isSameEnd")),
    HELD_FOR_EVER(Patch.no("dev.antiphon.backplane.log.WorkState", "isFree")),
    REPUBLISHED_IS_NEW(Patch.no("dev.antiphon.backplane.queue.StoredRequest", "republished")),
    NO_RESET(Patch.nothing("dev.antiphon.engine.run.AnswerWriter", "reset")),
    RESTART_FROM_ZERO(Patch.no("dev.antiphon.engine.run.Streamed", "isAnything")),
    SETTLED_PAST_UNFINISHED(Patch.no("dev.antiphon.backplane.history.Turns", "areUnfinished")),
    NO_SWEEP(Patch.nothing("dev.antiphon.engine.run.Rescue", "sweep")),
    NO_SWEEP_WITHOUT_JETSTREAM {
        @Override
        Seams seams() {
            return new Seams() {
                @Override
                SimQueue queue(
                        Host host,
                        Scheduler scheduler,
                        Nats nats,
                        Faults faults,
                        Chronicle chronicle) {
                    return nats.hasJetStream()
                            ? super.queue(host, scheduler, nats, faults, chronicle)
                            : new SimCoreQueue(host, scheduler, nats, faults, chronicle) {
                                @Override
                                public long waiting() {
                                    throw new Unavailable("there is no stream to ask", null);
                                }
                            };
                }
            };
        }
    },
    NO_CLEANUP_LEFT {
        @Override
        Seams seams() {
            return new RedisSeams() {
                @Override
                boolean leavesCleanups() {
                    return false;
                }
            };
        }
    },
    CLEANED_UNASKED(Patch.yes("dev.antiphon.engine.run.Cleaner", "isClean")),
    WAITS_IN_NO_ROW {
        @Override
        Seams seams() {
            return new Seams() {
                @Override
                SimRows rows(
                        Host host, Scheduler scheduler, Faults faults, ModelRows rows, SimLog log) {
                    return new SimRows(host, scheduler, faults, rows, log) {
                        @Override
                        public CompletionStage<Void> keep(SessionId session) {
                            return CompletableFuture.allOf();
                        }
                    };
                }
            };
        }
    },
    GOES_ON_AND_KEEPS_ITS_ROW {
        @Override
        Seams seams() {
            return new Seams() {
                @Override
                SimRows rows(
                        Host host, Scheduler scheduler, Faults faults, ModelRows rows, SimLog log) {
                    return new SimRows(host, scheduler, faults, rows, log) {
                        @Override
                        public CompletionStage<Void> remove(SessionId session, MessageId message) {
                            return CompletableFuture.allOf();
                        }
                    };
                }
            };
        }
    },
    EVICTED_META_OWNS_ALONE {
        @Override
        Seams seams() {
            return new RedisSeams() {
                @Override
                @Nullable UserId owner(@Nullable ModelSession session, @Nullable UserId owner) {
                    return session != null && session.hasMeta ? owner : null;
                }
            };
        }
    },
    EVICTED_META_IS_NOT_CAUGHT {
        @Override
        Seams seams() {
            return new RedisSeams() {
                @Override
                EntryId place(@Nullable ModelSession session, EntryId place) {
                    EntryId same = session == null ? null : session.idOf(place.number());
                    return same == null ? place : same;
                }
            };
        }
    },
    EVICTED_META_LINES_NOBODY_UP {
        @Override
        Seams seams() {
            return new RedisSeams() {
                @Override
                boolean linesUp() {
                    return false;
                }
            };
        }
    },
    EVICTED_LOG_IS_NOT_MISSED {
        @Override
        Seams seams() {
            return new RedisSeams() {
                @Override
                boolean isWhole(ModelSession session) {
                    return session.hasMeta;
                }
            };
        }
    },
    ERASED_IS_FORGOTTEN {
        @Override
        Seams seams() {
            return new RedisSeams() {
                @Override
                boolean remembersErased() {
                    return false;
                }
            };
        }
    },
    NO_STRAYS_GIVEN_BACK(Patch.nothing("dev.antiphon.engine.run.Rescue", "giveBack")),
    NO_HASH_CHECK(Patch.yes("dev.antiphon.gateway.stream.Feed", "continues")),
    NO_GAP_REPAIR(Patch.nothing("dev.antiphon.gateway.stream.Feed", "repair")),
    NO_TAIL_POLL(Patch.nothing("dev.antiphon.gateway.stream.Feed", "poll")),
    NO_PLACE_CHECK(Patch.yes("dev.antiphon.gateway.stream.FrameRing", "covers")),
    NO_RESYNC_EVENT(Patch.nothing("dev.antiphon.gateway.stream.Subscriber", "resync")),
    SEVERAL_WITHOUT_PLACES(
            Patch.made("dev.antiphon.gateway.stream.Bundle", "from", Cursor.None.class)),
    SEVERAL_WITHOUT_NAMES(
            Patch.field(
                    "dev.antiphon.gateway.stream.Bundle$Lane",
                    "session",
                    "dev.antiphon.gateway.stream.LocalEvents",
                    "PING",
                    byte[].class));

    /// A world whose Redis has one defect.
    @SuppressWarnings("UnusedVariable") // each mutant needs only some parameters
    private static class RedisSeams extends Seams {

        boolean holds(ModelSession session, Batch batch) {
            return batch.message().equals(session.active) && batch.token().equals(session.token);
        }

        boolean isBusy(WorkerId holder) {
            return true;
        }

        Optional<Recent> newest(ModelRedis redis, SessionId id, Optional<Recent> recent) {
            return recent;
        }

        boolean leavesCleanups() {
            return true;
        }

        @Nullable UserId owner(@Nullable ModelSession session, @Nullable UserId owner) {
            return owner;
        }

        EntryId place(@Nullable ModelSession session, EntryId place) {
            return place;
        }

        boolean linesUp() {
            return true;
        }

        boolean remembersErased() {
            return true;
        }

        boolean isWhole(ModelSession session) {
            return session.isWhole();
        }

        @Override
        ModelRedis redis(
                LongSupplier clock,
                LongSupplier generations,
                int keepEntries,
                Chronicle chronicle) {
            return new ModelRedis(clock, generations, keepEntries) {
                @Override
                void added(SessionId id, Entry entry) {
                    chronicle.entered(id, entry);
                }

                @Override
                boolean holds(ModelSession session, Batch batch) {
                    return RedisSeams.this.holds(session, batch);
                }

                @Override
                boolean isBusy(WorkerId holder) {
                    return RedisSeams.this.isBusy(holder) && super.isBusy(holder);
                }

                @Override
                void leaveCleanup(
                        SessionId id,
                        ModelSession session,
                        @Nullable MessageId message,
                        ModelSession.@Nullable Run run,
                        String incarnation,
                        boolean whole) {
                    if (leavesCleanups()) {
                        super.leaveCleanup(id, session, message, run, incarnation, whole);
                    }
                }

                @Override
                @Nullable UserId ownerOf(@Nullable ModelSession session) {
                    return RedisSeams.this.owner(session, super.ownerOf(session));
                }

                @Override
                Slice read(SessionId id, EntryId after, int most) {
                    return super.read(id, RedisSeams.this.place(session(id), after), most);
                }

                @Override
                boolean isErased(Place place) {
                    return remembersErased() && super.isErased(place);
                }

                @Override
                void lineUp(SessionId id, ModelSession session) {
                    if (linesUp()) {
                        super.lineUp(id, session);
                    }
                }

                @Override
                boolean isWhole(ModelSession session) {
                    return RedisSeams.this.isWhole(session);
                }

                @Override
                Optional<Recent> newest(SessionId id, UserId user) {
                    return RedisSeams.this.newest(this, id, super.newest(id, user));
                }
            };
        }
    }

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<Patch> patches;

    Mutant(Patch... patches) {
        this.patches = List.of(patches);
    }

    Seams seams() {
        return new Seams();
    }

    List<Patch> patches() {
        return patches;
    }
}
