package org.echoharness.text;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sizes, durations, counts, percentages and ranges: reads them from text, checks them, and returns the text that is read
 * as the same value. An error names the value's name, the value and the cure.
 */
public final class Quantities {

    private static final int MOST_DIGITS = 40;
    private static final String NUMBER_AND_UNIT = "([0-9]+) ?([A-Za-z]*)";
    private static final Map<String, Integer> SIZES =
            Map.of("", 1, "B", 1, "KiB", 1 << 10, "MiB", 1 << 20, "GiB", 1 << 30);
    private static final Map<String, Long> DURATIONS = Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L);
    private static final Duration LONGEST = Duration.ofDays(365);

    private Quantities() {}

    /**
     * Reads a duration with its unit: {@code 50ms}, {@code 2s}, {@code 1m} or {@code 1h}.
     *
     * @param word the name of the value, for the error
     * @param text its value
     * @return the duration
     * @throws IllegalArgumentException if the text is not a duration, or if it is under 1 ms or over 365 days
     */
    public static Duration duration(String word, String text) {
        return positive(
                word,
                Duration.ofMillis(scaled(
                        word,
                        text,
                        DURATIONS,
                        LONGEST.toMillis(),
                        "a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days",
                        "")));
    }

    /** Reads a size in bytes, of at most {@link Long#MAX_VALUE}. */
    public static long size(String word, String text) {
        return size(word, text, "a size in bytes, such as 16, 16KiB or 1GiB", Long.MAX_VALUE + " bytes");
    }

    /**
     * Reads a size in bytes, of at most {@link Long#MAX_VALUE}.
     *
     * @param expected what the error about a text that is no size says is expected
     * @param limit what the error about a greater number says is the limit
     */
    public static long size(String word, String text, String expected, String limit) {
        return scaled(word, text, SIZES, Long.MAX_VALUE, expected, limit);
    }

    /** Returns whether the text is a number with a unit of time. */
    public static boolean isDuration(String text) {
        Matcher matcher = Pattern.compile(NUMBER_AND_UNIT).matcher(text);
        return matcher.matches() && DURATIONS.containsKey(matcher.group(2));
    }

    /**
     * Reads a whole number of at least 1.
     *
     * @param word the name of the value, for the error
     * @param text its value
     * @param most the greatest number allowed
     * @return the number
     * @throws IllegalArgumentException if the text is not a whole number, or if it is under 1 or over {@code most}
     */
    public static int count(String word, String text, int most) {
        String expected = "a whole number of at least 1";
        return inRange(word, scaled(word, text, Map.of("", 1), Long.MAX_VALUE, expected, "" + most), 1, most, "");
    }

    public static int inRange(String word, long value, int least, int most, String unit) {
        if (value < least) {
            throw refused(word, Long.toString(value), "be at least " + least + unit);
        }
        if (value > most) {
            throw refused(word, Long.toString(value), "be at most " + most + unit);
        }
        return (int) value;
    }

    /** Returns the nanoseconds of any duration. One over 365 days counts as 365 days, a negative one as 0. */
    public static long nanos(Duration duration) {
        if (duration.isNegative()) {
            return 0;
        }
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }

    /** Returns the milliseconds of a duration, such as "12.345". */
    public static String millis(Duration after) {
        long micros = nanos(after) / 1_000;
        return micros / 1_000 + "." + Long.toString(1_000 + micros % 1_000).substring(1);
    }

    public static Duration positive(String word, Duration value) {
        if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(LONGEST) > 0) {
            boolean unusual = value.isNegative()
                    || value.compareTo(LONGEST) > 0
                    || !value.equals(Duration.ofMillis(value.toMillis()));
            throw refused(word, unusual ? value.toString() : text(value), "be at least 1ms and at most 365 days");
        }
        return value;
    }

    public static Duration wholeMillis(String word, Duration value) {
        if (!positive(word, value).equals(Duration.ofMillis(value.toMillis()))) {
            throw refused(word, value.toString(), "be a whole number of milliseconds");
        }
        return value;
    }

    public static void atLeastOne(String word, long value) {
        if (value < 1) {
            throw refused(word, Long.toString(value), "be at least 1");
        }
    }

    public static void range(String word, long first, long last) {
        if (first < 1 || last < first) {
            throw refused(
                    word,
                    first == last ? Long.toString(first) : first + "-" + last,
                    "begin at 1 or later and not end before it begins");
        }
    }

    public static double percent(String word, double value) {
        if (!(value > 0 && value <= 100)) {
            throw refused(
                    word, Double.isFinite(value) ? percentText(value) : value + "%", "be over 0% and at most 100%");
        }
        return value;
    }

    /** Returns "10%" or "0.5%", a text that is read as the same number. */
    public static String percentText(double percent) {
        return BigDecimal.valueOf(percent).stripTrailingZeros().toPlainString() + "%";
    }

    /** Returns "byte 5", "bytes 5-9", or "bytes 5-" for a range without an end. */
    public static String rangeText(String what, long first, long last) {
        if (first == last) {
            return what + " " + first;
        }
        return what + "s " + first + "-" + (last == Long.MAX_VALUE ? "" : last);
    }

    /** Returns "1st", "2nd", "3rd", "4th". */
    public static String ordinal(long number) {
        long tens = number % 100;
        int last = tens >= 11 && tens <= 13 ? 0 : (int) (number % 10);
        return number + (last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
    }

    /** Draws a seed if none is given. It is short, so that it can be typed again. */
    public static long drawnSeed() {
        return ThreadLocalRandom.current().nextInt(1, 1_000_000);
    }

    /** Returns "50ms", "2s" or "1m": the inverse of {@link #duration}. For one over 365 days, returns {@code PT…}. */
    public static String text(Duration duration) {
        if (duration.compareTo(LONGEST) > 0 || duration.compareTo(LONGEST.negated()) < 0) {
            return duration.toString(); // its milliseconds may be too many for a long
        }
        long millis = duration.toMillis();
        if (millis % 1_000 != 0) {
            return millis + "ms";
        }
        return millis % 60_000 != 0 || millis == 0 ? millis / 1_000 + "s" : millis / 60_000 + "m";
    }

    /** Returns "300", "4KiB" or "1GiB": the inverse of {@link #size(String, String)}. */
    public static String text(long bytes) {
        String[] units = {"", "KiB", "MiB", "GiB"};
        int unit = 0;
        long scaled = bytes;
        while (unit < 3 && scaled != 0 && scaled % 1024 == 0) {
            scaled /= 1024;
            unit++;
        }
        return scaled + units[unit];
    }

    /** Reads a number with a unit.
     *
     * @param limit the greatest value, for an error about a number over {@code most}; if empty, it gives {@code expected} */
    private static long scaled(
            String word, String text, Map<String, ? extends Number> units, long most, String expected, String limit) {
        Matcher matcher = Pattern.compile(NUMBER_AND_UNIT).matcher(text.strip());
        Number unit = matcher.matches() ? units.get(matcher.group(2)) : null;
        if (unit == null) {
            throw refused(word, Escaping.escape(text), "be " + expected);
        }
        String digits = matcher.group(1);
        BigInteger value = digits.length() > MOST_DIGITS // reading a million digits would take long
                ? BigInteger.TEN.pow(MOST_DIGITS)
                : new BigInteger(digits).multiply(BigInteger.valueOf(unit.longValue()));
        if (value.compareTo(BigInteger.valueOf(most)) > 0) {
            throw refused(word, Escaping.escape(text), "be " + (limit.isEmpty() ? expected : "at most " + limit));
        }
        return value.longValue();
    }

    public static IllegalArgumentException refused(String word, String value, String cure) {
        return new IllegalArgumentException(word + " (" + value + ") must " + cure);
    }
}
