package org.echoharness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.text.Escaping;
import org.echoharness.text.NearestWord;
import org.echoharness.text.Quantities;
import org.echoharness.tls.CertificateKind;
import org.echoharness.tls.TlsTrust;

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
        return bufferSize(Quantities.size(word, text, expected, MOST_BUFFER));
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
            throw Quantities.refused(word, Escaping.escape(text), "be text without U+FFFD; " + Escaping.DECODING);
        }
        return text;
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
                throw Quantities.refused(
                        word, Escaping.escape(text), "be a list of values with a comma between each two");
            }
            items.add(item.strip());
        }
        return items;
    }

    static int bufferSize(long bytes) {
        return Quantities.inRange("bufferSize", bytes, 1, 1 << 30, bytes < 1 ? " byte" : " bytes (1 GiB)");
    }

    static int recorded(long bytes) {
        return Quantities.inRange("recording", bytes, 0, 1 << 30, " bytes a connection");
    }

    /** Reads how many bytes of each direction to record: {@code on}, a size, or {@code none}, for which it returns -1. */
    static int recorded(String word, String text) {
        return switch (text) {
            case "on" -> RECORDED_BYTES;
            case NONE -> -1;
            default ->
                recorded(Quantities.size(word, text, "on, none or a size in bytes, such as 64KiB", MOST_RECORDED));
        };
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
        return Quantities.duration(word, text);
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
        return Quantities.count(word, text, most);
    }

    /**
     * Returns the warning that a front end prints for this value: if it is {@code insecure}, then a client, or the relay with
     * that {@code upstreamTls}, trusts any server.
     *
     * @param word the name of the option
     * @param text its value
     * @return one line; empty if there is nothing to warn of
     * @since 0.1.0
     */
    public static String warning(String word, String text) {
        return text.equals(TlsTrust.INSECURE)
                ? word + " (" + text
                        + ") accepts any certificate, so anyone between client and server can read and change what is"
                        + " sent; name the PEM file of the certificate that you trust"
                : "";
    }

    /**
     * Returns whether the {@code tls} of a client, or the {@code upstreamTls} of a relay, is the path of a PEM file, so that a
     * front end can decide where a relative path begins.
     *
     * @param text the value of the option
     * @return false for {@code none}, {@code system}, {@code insecure}, and for the certificate of a server, such as {@code
     *     self-signed}, which both options refuse
     * @since 0.1.0
     */
    public static boolean isPemFile(String text) {
        return switch (text.strip()) {
            case NONE, TlsTrust.SYSTEM, TlsTrust.INSECURE -> false;
            default -> !CertificateKind.isKind(text.strip());
        };
    }

    private static IllegalArgumentException unknown(String word, List<String> known) {
        String near = NearestWord.of(word, known);
        return new IllegalArgumentException("there is no option " + Escaping.quote(word) + "; the options are "
                + String.join(", ", known) + (near.isEmpty() ? "" : "; did you mean " + near + "?"));
    }
}
