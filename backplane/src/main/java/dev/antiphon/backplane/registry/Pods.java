package dev.antiphon.backplane.registry;

import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// The live pods, and the members that dead ones left in the sessions' sets. A dead pod's member is not wrong, only
/// useless: each chunk of its session is published without a receiver. Removing a live pod's member too early therefore
/// costs little: the pod registers again, and until then its poll finds the entries.
///
/// No call blocks; all can be repeated; stages fail with {@link dev.antiphon.backplane.Unavailable}. An interface
/// because tests let its users' half minutes pass at once.
public interface Pods {

    /// A pod that is silent for this long counts as dead. Several times a long pause of a garbage collector.
    Duration LIVES = Duration.ofSeconds(10);

    /// Four signs of life fit into that.
    Duration BEAT_EVERY = Duration.ofSeconds(2);

    /// Records that this pod of ours is alive.
    CompletionStage<Void> beat(PodId pod);

    /// Removes members of our dead pods, at most 1,000 of them. Any number of pods can do it at the same time: each
    /// member is removed once.
    ///
    /// @return how many were removed
    CompletionStage<Integer> reap();

    /// Removes a pod's members from one session, unless the pod is one of ours: only {@link #reap} removes those.
    ///
    /// @return how many were removed
    CompletionStage<Integer> forget(SessionId session, PodId pod);
}
