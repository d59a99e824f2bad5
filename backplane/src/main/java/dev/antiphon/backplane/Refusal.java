package dev.antiphon.backplane;

import io.lettuce.core.RedisCommandExecutionException;

import java.util.Set;

/// An error answer of Redis by its code: the first word of the message.
record Refusal(String code) {

    static final String FULL = "OOM";
    static final String READ_ONLY = "READONLY";

    /// The refusals that end by themselves or after an operator acts. Every other refusal is final, even one that a
    /// later Redis introduces: repeating forever a call that can never succeed would hide the reason.
    private static final Set<String> PASSING =
            Set.of("LOADING", "BUSY", FULL, "MISCONF", READ_ONLY, "NOREPLICAS", "MASTERDOWN");

    private static final Set<String> OF_A_CLUSTER =
            Set.of("CROSSSLOT", "MOVED", "ASK", "CLUSTERDOWN");

    static Refusal of(RedisCommandExecutionException error) {
        String message = String.valueOf(error.getMessage());
        int blank = message.indexOf(' ');
        String first = blank < 0 ? message : message.substring(0, blank);
        return new Refusal(first.equals("ERR") ? inScript(message) : first);
    }

    /// Redis 6 puts the code of a command that failed in a script after its own code.
    private static String inScript(String message) {
        return PASSING.stream()
                .filter(code -> message.contains(": -" + code + " "))
                .findFirst()
                .orElse("ERR");
    }

    boolean passes() {
        return PASSING.contains(code);
    }

    boolean isOfACluster() {
        return OF_A_CLUSTER.contains(code);
    }
}
