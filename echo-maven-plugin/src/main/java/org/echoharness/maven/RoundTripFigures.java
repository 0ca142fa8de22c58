package org.echoharness.maven;

import java.time.Duration;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.HdrHistogram.AbstractHistogram;
import org.echoharness.ServerAddress;

/** The figures of round trips: their number, rate and latencies. The latencies are in nanoseconds. */
record RoundTripFigures(AbstractHistogram latencies, long nanos, int connections) {

    /** The longest latency that is kept: a longer one counts as this. */
    static final long LONGEST = Duration.ofHours(1).toNanos();

    /** "1200 of 4000 round trips, 600 a second". */
    String progress(long all) {
        return trips() + " of " + all + " round trips, " + perSecond();
    }

    /** "4000 round trips in 2.310 s: 1732 a second". */
    String rate() {
        return String.format(Locale.ROOT, "%d round trips in %.3f s: %s", trips(), nanos / 1e9, perSecond());
    }

    /** "latency in ms: 0.042 (50%), 0.060 (90%), 0.120 (99%), 0.800 (99.9%), 3.210 (most)". */
    String latency() {
        return Stream.of("50", "90", "99", "99.9")
                        .map(percent -> millis(latencies.getValueAtPercentile(Double.parseDouble(percent))) + " ("
                                + percent + "%), ")
                        .collect(Collectors.joining("", "latency in ms: ", ""))
                + millis(latencies.getMaxValue()) + " (most)";
    }

    /** "127.0.0.1:40123 answered as expected: 4000 round trips on 4 connections, 168000 bytes sent, 168000 received". */
    String summary(ServerAddress server, long sent, long received) {
        return server + " answered as expected: " + (trips() == 1 ? "1 round trip" : trips() + " round trips")
                + (connections == 1 ? "" : " on " + connections + " connections") + ", " + trips() * sent
                + " bytes sent, " + trips() * received + " received";
    }

    private String perSecond() {
        return Math.round(trips() * 1e9 / Math.max(1, nanos)) + " a second";
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.3f", nanos / 1e6);
    }

    private long trips() {
        return latencies.getTotalCount();
    }
}
