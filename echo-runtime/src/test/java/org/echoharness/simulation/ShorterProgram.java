package org.echoharness.simulation;

import java.util.function.Predicate;

/** Leaves out lines of a program that fails, as long as it fails without them. */
final class ShorterProgram {

    private static final long MOST_NANOS = 20_000_000_000L;

    private ShorterProgram() {}

    static Program of(Program failing, Predicate<Program> fails) {
        long start = System.nanoTime();
        Program shortest = failing;
        for (int count = failing.lines().size() / 2; count > 0; count /= 2) {
            for (int from = shortest.lines().size() - count; from >= 0; from -= count) {
                Program shorter = shortest.without(from, count);
                if (System.nanoTime() - start > MOST_NANOS) {
                    return shortest;
                }
                shortest = fails.test(shorter) ? shorter : shortest;
            }
        }
        return shortest;
    }
}
