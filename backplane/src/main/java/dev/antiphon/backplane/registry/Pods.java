package dev.antiphon.backplane.registry;

import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// Which pods live, and the members that dead ones left in the sessions' sets. A member of a dead pod is not wrong, only
/// useless: each chunk of its session is published for nobody. So taking one out too early costs a live pod no more than
/// the time until it registers again, and meanwhile its poll finds the entries.
///
/// No call blocks; all may be repeated; stages fail with {@link dev.antiphon.backplane.Unavailable}.
/// An interface because tests let its users' half minutes pass at once.
public interface Pods {

    /// A pod that is silent for this long counts as dead. Several times a long pause of a collector.
    Duration LIVES = Duration.ofSeconds(10);

    /// Four signs of life fit into that.
    Duration BEAT_EVERY = Duration.ofSeconds(2);

    /// Says that this pod of ours lives.
    CompletionStage<Void> beat(PodId pod);

    /// Takes out members of our pods that live no more, at most 1,000 of them. Any number of pods may do it at the same
    /// time: each member is taken out once.
    ///
    /// @return how many were taken out
    CompletionStage<Integer> reap();

    /// Takes a pod's members out of one session, unless the pod is one of ours: those die by {@link #reap} alone.
    ///
    /// @return how many were taken out
    CompletionStage<Integer> forget(SessionId session, PodId pod);
}
