package org.echoharness.benchmarks;

/** The heap in use. */
final class Memory {

    private Memory() {}

    /** Bytes in use after several garbage collections. */
    static long usedAfterGc() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }
}
