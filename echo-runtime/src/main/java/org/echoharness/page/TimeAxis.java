package org.echoharness.page;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.echoharness.text.Quantities;

/** The time that all rows of the overview share. Positions are numbers of a fixed width, so that rows have a fixed size. */
final class TimeAxis {

    /** How many places bars can have. */
    static final int PLACES = 400;

    private static final int MOST_TICKS = 5;

    private final long from;
    private final long span;
    private final boolean isWidest;
    private int next;

    private TimeAxis(long from, long span, boolean isWidest) {
        this.from = from;
        this.span = Math.max(1, span);
        this.isWidest = isWidest;
    }

    static TimeAxis of(long span) {
        return new TimeAxis(0, span, false);
    }

    /** Returns an axis on which no two events share a place. A row takes at least as many bytes there as on any other. */
    static TimeAxis widest() {
        return new TimeAxis(0, 1, true);
    }

    /** Returns an axis of a connection's life alone, whose place among others is for the page to find. */
    static TimeAxis ofLife(PageConnection connection) {
        return new TimeAxis(connection.opened(), connection.last() - connection.opened(), false);
    }

    /** Returns the place of a time, from 0 to {@link #PLACES}. */
    int place(long nanos) {
        return isWidest ? next++ % (PLACES + 1) : (int) Math.round(PLACES * part(nanos));
    }

    /** Returns a place with three digits. */
    static String digits(int place) {
        return Integer.toString(1_000 + place).substring(1);
    }

    /** Returns the time as a percentage of the axis, such as "012.34%". */
    String percent(long nanos) {
        return percent(part(nanos));
    }

    /** Returns a length on the axis, which is long enough to be seen. */
    String length(long from, long to) {
        return percent(Math.max(0.002, part(to) - part(from)));
    }

    private static String percent(double part) {
        String digits =
                Integer.toString(100_000 + (int) Math.round(part * 10_000)).substring(1);
        return digits.substring(0, 3) + "." + digits.substring(3) + "%";
    }

    private double part(long nanos) {
        return isWidest ? 1 : Math.min(1, Math.max(0, (nanos - from) / (double) span));
    }

    /** Writes the lines that each row refers to. */
    void writeGrid(Appendable out) throws IOException {
        long step = step();
        for (long at = 0; at <= span; at += step) {
            String x = percent(at);
            out.append("<line x1=\"").append(x).append("\" x2=\"").append(x).append("\" y1=\"0\" y2=\"100%\"/>");
        }
    }

    /** Writes the times at the lines. */
    void writeLabels(Appendable out) throws IOException {
        long step = step();
        for (long at = 0; at <= span; at += step) {
            String anchor = at == 0 ? "start" : part(at) > 0.93 ? "end" : "middle";
            out.append("<text x=\"")
                    .append(percent(at))
                    .append("\" y=\"14\" text-anchor=\"")
                    .append(anchor);
            out.append("\">").append(text(at)).append("</text>");
        }
    }

    /** Returns the time between two lines: 1, 2 or 5 times a power of ten. */
    private long step() {
        long unit = 1_000;
        while (true) {
            for (int times : new int[] {1, 2, 5}) {
                if (span / (unit * times) < MOST_TICKS) {
                    return unit * times;
                }
            }
            unit *= 10;
        }
    }

    /** Returns a time in the unit in which it is short: "0", "500 µs", "20 ms" or "1.5 s". */
    static String text(long nanos) {
        if (nanos == 0) {
            return "0";
        }
        if (nanos < 1_000_000) {
            return TimeUnit.NANOSECONDS.toMicros(nanos) + " \u00b5s";
        }
        boolean isSeconds = nanos >= 1_000_000_000;
        long thousandths = isSeconds ? TimeUnit.NANOSECONDS.toMillis(nanos) : TimeUnit.NANOSECONDS.toMicros(nanos);
        int digits = thousandths >= 100_000 ? 0 : thousandths >= 10_000 ? 1 : 3;
        return decimal(thousandths, digits) + (isSeconds ? " s" : " ms");
    }

    private static String decimal(long thousandths, int digits) {
        String all = Long.toString(1_000 + thousandths % 1_000).substring(1, 1 + digits);
        while (all.endsWith("0")) {
            all = all.substring(0, all.length() - 1);
        }
        return thousandths / 1_000 + (all.isEmpty() ? "" : "." + all);
    }

    /** Returns the milliseconds since an accept, such as "12.345". */
    static String millis(long nanos) {
        return Quantities.millis(Duration.ofNanos(nanos));
    }
}
