package org.echoharness.text;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Keeps the last 256 things that were done to a server as a whole. Its owner locks it. */
public final class ServerLog {

    private static final int MOST = 256;

    private record Entry(long at, String what) {}

    /**
     * Something that was done.
     *
     * @param since the time since the first connection, negative before it; without one, since the first event
     */
    public record Event(Duration since, String what) {}

    /**
     * The log at one moment.
     *
     * @param of "the server", or "the client" in what a client recorded
     */
    public record Snapshot(String of, List<Event> events, long leftOut) {

        /** Returns a line for each event, with milliseconds. */
        public List<String> lines() {
            List<String> lines = new ArrayList<>();
            if (leftOut > 0) {
                lines.add("(" + leftOut + " earlier, not kept)");
            }
            for (Event event : events) {
                String sign = event.since().isNegative() ? "-" : "";
                String millis = sign + Quantities.millis(event.since().abs());
                lines.add(" ".repeat(Math.max(0, 9 - millis.length())) + millis + "  " + event.what());
            }
            return lines;
        }
    }

    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    private long leftOut;

    /** Loads no class. */
    public void add(String what) {
        if (entries.size() == MOST) {
            entries.remove();
            leftOut++;
        }
        entries.add(new Entry(System.nanoTime(), what));
    }

    /**
     * Returns the log at this moment.
     *
     * @param origin the start of the first connection, if there was one
     */
    public Snapshot snapshot(String of, boolean hasOrigin, long origin) {
        List<Event> events = new ArrayList<>(entries.size());
        long start =
                hasOrigin || entries.isEmpty() ? origin : entries.getFirst().at();
        for (Entry entry : entries) {
            events.add(new Event(Duration.ofNanos(entry.at() - start), entry.what()));
        }
        return new Snapshot(of, events, leftOut);
    }
}
