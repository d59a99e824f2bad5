package dev.antiphon.simulation;

import java.lang.reflect.Constructor;
import java.util.concurrent.Executor;

/// Virtual threads whose every step is a task of our executor. The JDK has them for its own tests; the module's
/// surefire arguments open the constructor.
final class VirtualThreads {

    private static final Constructor<?> BUILDER = builder();

    private VirtualThreads() {}

    private static Constructor<?> builder() {
        try {
            Constructor<?> builder =
                    Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
                            .getDeclaredConstructor(Executor.class);
            builder.setAccessible(true);
            return builder;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "this JDK has no virtual threads with a custom scheduler", e);
        }
    }

    static Thread unstarted(String name, Executor scheduler, Runnable body) {
        try {
            return ((Thread.Builder.OfVirtual) BUILDER.newInstance(scheduler))
                    .name(name)
                    .unstarted(body);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
