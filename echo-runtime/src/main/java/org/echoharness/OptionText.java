package org.echoharness;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.echoharness.text.Escaping;
import org.echoharness.text.NearestWord;

/**
 * Reads the texts of options for every front end. An error names the option, the value and the cure. The option's name is
 * that of the builder's method, whichever front end the value came from.
 */
public final class OptionText {

    /** The text that sets an option to no limit. */
    static final String NONE = "none";

    /** The default number of bytes that are recorded of each direction of a connection. */
    static final int RECORDED_BYTES = 64 << 10;

    private static final String MOST_BUFFER = "1073741824 bytes (1 GiB)";
    private static final String MOST_RECORDED = "1073741824 bytes a connection";
    private static final int MOST_DIGITS = 40;
    private static final String NUMBER_AND_UNIT = "([0-9]+) ?([A-Za-z]*)";
    private static final Map<String, Integer> SIZES =
            Map.of("", 1, "B", 1, "KiB", 1 << 10, "MiB", 1 << 20, "GiB", 1 << 30);
    private static final Map<String, Long> DURATIONS = Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L);
    private static final Duration LONGEST = Duration.ofDays(365);

    /** An option of a builder. A builder's options are an enum, so that a switch that lacks one does not compile. */
    interface Option {
        /** Returns the option's name in every front end, which is that of the builder's method. */
        String word();
    }

    private OptionText() {}

    static List<String> words(Option[] options) {
        List<String> words = new ArrayList<>(options.length);
        for (Option option : options) {
            words.add(option.word());
        }
        return List.copyOf(words);
    }

    static <O extends Option> O option(String word, O[] options) {
        for (O option : options) {
            if (option.word().equals(word)) {
                return option;
            }
        }
        throw unknown(word, words(options));
    }

    /**
     * Reads a size in bytes: {@code 16}, {@code 16KiB}, {@code 1MiB} or {@code 1GiB}.
     *
     * @param word the name of the option, for the error
     * @param text its value
     * @return the number of bytes
     * @throws IllegalArgumentException if the text is not a size, or if it is under 1 byte or over 1 GiB
     */
    static int bufferSize(String word, String text) {
        String expected = "a size in bytes, such as 16, 16KiB or 1MiB";
        return bufferSize(scaled(word, text, SIZES, Long.MAX_VALUE, expected, MOST_BUFFER));
    }

    /**
     * Reads a duration with its unit: {@code 50ms}, {@code 2s}, {@code 1m} or {@code 1h}.
     *
     * @param word the name of the option, for the error
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

    /**
     * Refuses text with characters in place of bytes that could not be decoded: U+FFFD, or half of a surrogate pair. The
     * original bytes are lost, for example on a command line with {@code LC_ALL=C}.
     *
     * @param word the name of the option, for the error
     * @param text its value
     * @return the value
     * @throws IllegalArgumentException if a character was not decoded
     * @since 0.1.0
     */
    public static String decoded(String word, String text) {
        if (Escaping.undecoded(text) >= 0) {
            throw refused(word, Escaping.escaped(text), "be text without U+FFFD; " + Escaping.DECODING);
        }
        return text;
    }

    /** Reads a size in bytes, of at most {@link Long#MAX_VALUE}. */
    static long longSize(String word, String text) {
        String expected = "a size in bytes, such as 16, 16KiB or 1GiB";
        return scaled(word, text, SIZES, Long.MAX_VALUE, expected, Long.MAX_VALUE + " bytes");
    }

    /** Returns whether the text is a number with a unit of time. */
    static boolean isDuration(String text) {
        Matcher matcher = Pattern.compile(NUMBER_AND_UNIT).matcher(text);
        return matcher.matches() && DURATIONS.containsKey(matcher.group(2));
    }

    /**
     * Reads a whole number of at least 1.
     *
     * @param word the name of the option, for the error
     * @param text its value
     * @param most the greatest number allowed
     * @return the number
     * @throws IllegalArgumentException if the text is not a whole number, or if it is under 1 or over {@code most}
     */
    public static int count(String word, String text, int most) {
        String expected = "a whole number of at least 1";
        return inRange(word, scaled(word, text, Map.of("", 1), Long.MAX_VALUE, expected, "" + most), 1, most, "");
    }

    /** Reads a whole number of at least 1, or {@code none}, for which it returns 0. */
    static int countOrNone(String word, String text) {
        return text.equals(NONE) ? 0 : count(word, text, Integer.MAX_VALUE);
    }

    /** Reads a {@link #duration} and returns its nanoseconds; 0 for {@code none}. */
    static long nanosOrNone(String word, String text) {
        return text.equals(NONE) ? 0 : duration(word, text).toNanos();
    }

    /** Splits a list at its commas. An empty item is an error. */
    static List<String> list(String word, String text) {
        List<String> items = new ArrayList<>();
        for (String item : text.split(",", -1)) {
            if (item.isBlank()) {
                throw refused(word, text, "be a list of values with a comma between each two");
            }
            items.add(item.strip());
        }
        return items;
    }

    static int inRange(String word, long value, int least, int most, String unit) {
        if (value < least) {
            throw refused(word, Long.toString(value), "be at least " + least + unit);
        }
        if (value > most) {
            throw refused(word, Long.toString(value), "be at most " + most + unit);
        }
        return (int) value;
    }

    static int bufferSize(long bytes) {
        return inRange("bufferSize", bytes, 1, 1 << 30, bytes < 1 ? " byte" : " bytes (1 GiB)");
    }

    static int recorded(long bytes) {
        return inRange("recording", bytes, 0, 1 << 30, " bytes a connection");
    }

    /** Reads how many bytes of each direction to record: {@code on}, a size, or {@code none}, for which it returns -1. */
    static int recorded(String word, String text) {
        return switch (text) {
            case "on" -> RECORDED_BYTES;
            case NONE -> -1;
            default ->
                recorded(scaled(
                        word,
                        text,
                        SIZES,
                        Long.MAX_VALUE,
                        "on, none or a size in bytes, such as 64KiB",
                        MOST_RECORDED));
        };
    }

    /** Returns the nanoseconds of any duration. One over 365 days counts as 365 days, a negative one as 0. */
    static long nanos(Duration duration) {
        if (duration.isNegative()) {
            return 0;
        }
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }

    static Duration positive(String word, Duration value) {
        if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(LONGEST) > 0) {
            boolean unusual = value.isNegative()
                    || value.compareTo(LONGEST) > 0
                    || !value.equals(Duration.ofMillis(value.toMillis()));
            throw refused(word, unusual ? value.toString() : text(value), "be at least 1ms and at most 365 days");
        }
        return value;
    }

    static Duration wholeMillis(String word, Duration value) {
        if (!positive(word, value).equals(Duration.ofMillis(value.toMillis()))) {
            throw refused(word, value.toString(), "be a whole number of milliseconds");
        }
        return value;
    }

    static void atLeastOne(String word, long value) {
        if (value < 1) {
            throw refused(word, Long.toString(value), "be at least 1");
        }
    }

    static void range(String word, long first, long last) {
        if (first < 1 || last < first) {
            throw refused(
                    word,
                    first == last ? Long.toString(first) : first + "-" + last,
                    "begin at 1 or later and not end before it begins");
        }
    }

    static double percent(String word, double value) {
        if (!(value > 0 && value <= 100)) {
            throw refused(
                    word, Double.isFinite(value) ? percentText(value) : value + "%", "be over 0% and at most 100%");
        }
        return value;
    }

    /** Returns "10%" or "0.5%", a text that is read as the same number. */
    static String percentText(double percent) {
        return BigDecimal.valueOf(percent).stripTrailingZeros().toPlainString() + "%";
    }

    /** Returns "byte 5", "bytes 5-9", or "bytes 5-" for a range without an end. */
    static String rangeText(String what, long first, long last) {
        if (first == last) {
            return what + " " + first;
        }
        return what + "s " + first + "-" + (last == Long.MAX_VALUE ? "" : last);
    }

    /** Returns "1st", "2nd", "3rd", "4th". */
    static String ordinal(long number) {
        long tens = number % 100;
        int last = tens >= 11 && tens <= 13 ? 0 : (int) (number % 10);
        return number + (last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
    }

    /** Draws a seed if none is given. It is short, so that it can be typed again. */
    static long drawnSeed() {
        return ThreadLocalRandom.current().nextInt(1, 1_000_000);
    }

    /** Derives a seed for a number, so that neighbouring numbers get unrelated seeds. */
    static long mix(long seed, long number) {
        return new SplittableRandom(seed ^ number * 0x9E3779B97F4A7C15L).nextLong();
    }

    private static IllegalArgumentException unknown(String word, List<String> known) {
        String near = NearestWord.of(word, known);
        return new IllegalArgumentException("there is no option " + Escaping.quote(word) + "; the options are "
                + String.join(", ", known) + (near.isEmpty() ? "" : "; did you mean " + near + "?"));
    }

    /** Returns "50ms", "2s" or "1m": the inverse of {@link #duration}. For one over 365 days, returns {@code PT…}. */
    static String text(Duration duration) {
        if (duration.compareTo(LONGEST) > 0 || duration.compareTo(LONGEST.negated()) < 0) {
            return duration.toString(); // its milliseconds may be too many for a long
        }
        long millis = duration.toMillis();
        if (millis % 1_000 != 0) {
            return millis + "ms";
        }
        return millis % 60_000 != 0 || millis == 0 ? millis / 1_000 + "s" : millis / 60_000 + "m";
    }

    /** Returns "300", "4KiB" or "1GiB": the inverse of {@link #longSize}. */
    static String text(long bytes) {
        String[] units = {"", "KiB", "MiB", "GiB"};
        int unit = 0;
        long scaled = bytes;
        while (unit < 3 && scaled != 0 && scaled % 1024 == 0) {
            scaled /= 1024;
            unit++;
        }
        return scaled + units[unit];
    }

    /** @param limit the greatest value, for an error about a number over {@code most}; if empty, it gives {@code expected} */
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

    private static IllegalArgumentException refused(String word, String value, String cure) {
        return new IllegalArgumentException(word + " (" + value + ") must " + cure);
    }
}
