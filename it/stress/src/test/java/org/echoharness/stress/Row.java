package org.echoharness.stress;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What one row reached, noted by the thread of its test before it is asserted, so that a miss is printed as it is. */
final class Row {

    private static final double SCALE = Double.parseDouble(System.getProperty("stress.scale", "1.0"));

    private final long start = System.nanoTime();
    private final List<String> figures = new ArrayList<>();

    /** Notes one figure, as {@link String#format} does. */
    void figure(String format, Object... values) {
        figures.add(String.format(Locale.ROOT, format, values));
    }

    /** Notes the seed of this run: that of {@code -Dstress.seed}, or a fresh one. */
    long seed() {
        long seed = Long.getLong("stress.seed", System.nanoTime() & 0xFFFF_FFFFL);
        figure("seed %d", seed);
        return seed;
    }

    /** The table's size, times {@code stress.scale}; at least 1. */
    int scaled(int full) {
        return Math.max(1, (int) Math.round(full * SCALE));
    }

    /** The table's length of time, times {@code stress.scale}; at least a second. */
    Duration scaled(Duration full) {
        return Duration.ofMillis(Math.max(1_000, Math.round(full.toMillis() * SCALE)));
    }

    String text() {
        return String.join(", ", figures);
    }

    double seconds() {
        return (System.nanoTime() - start) / 1e9;
    }
}
