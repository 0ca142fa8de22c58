package org.echoharness.gates;

import java.util.SplittableRandom;

/** Derives seeds, so that what is random in one connection depends on nothing but the seed of the fault. */
public final class Seeds {

    private Seeds() {}

    /** Derives a seed for a number, so that neighbouring numbers get unrelated seeds. */
    public static long mix(long seed, long number) {
        return new SplittableRandom(seed ^ number * 0x9E3779B97F4A7C15L).nextLong();
    }
}
