package org.echoharness;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;

/** What a {@link Fault} does to its connection. Made by the methods of {@link Fault}; immutable. */
public sealed interface Effect {

    /** {@return which of the effects this is} */
    Kind kind();

    /** The effects, one constant for each record. */
    enum Kind {
        /** See {@link Effect.Delay}. */
        DELAY("delay"),
        /** See {@link Effect.Throttle}. */
        THROTTLE("throttle"),
        /** See {@link Effect.Fragment}. */
        FRAGMENT("fragment"),
        /** See {@link Effect.Reset}. */
        RESET("reset"),
        /** See {@link Effect.Close}. */
        CLOSE("close"),
        /** See {@link Effect.CloseWithoutNotify}. */
        CLOSE_WITHOUT_NOTIFY("close"),
        /** See {@link Effect.HalfClose}. */
        HALF_CLOSE("half-close"),
        /** See {@link Effect.Discard}. */
        DISCARD("discard"),
        /** See {@link Effect.Stall}. */
        STALL("stall"),
        /** See {@link Effect.Corrupt}. */
        CORRUPT("corrupt"),
        /** See {@link Effect.CorruptAtRandom}. */
        CORRUPT_AT_RANDOM("corrupt"),
        /** See {@link Effect.Duplicate}. */
        DUPLICATE("duplicate"),
        /** See {@link Effect.Truncate}. */
        TRUNCATE("truncate"),
        /** See {@link Effect.SlowClose}. */
        SLOW_CLOSE("slow-close"),
        /** See {@link Effect.Greet}. */
        GREET("greet"),
        /** See {@link Effect.Plain}. */
        PLAIN("plain");

        /** The word that its text begins with. */
        final String word;

        Kind(String word) {
            this.word = word;
        }

        /** The words of all kinds, in their order. */
        static List<String> words() {
            return Arrays.stream(values()).map(kind -> kind.word).distinct().toList();
        }
    }

    /**
     * Sends every byte, and the answer to the client's FIN, this long after it came: {@code delay 50ms jitter 10ms}.
     * Bytes are never reordered, and the delays of several bytes do not add up.
     *
     * @param delay how long each byte is delayed: whole milliseconds, 1 ms to 365 days
     * @param jitter how much shorter or longer a delay may be, drawn at random for each read: zero, or whole
     *     milliseconds up to the delay
     * @param seed the seed of the jitter; 0 if there is no jitter
     */
    record Delay(Duration delay, Duration jitter, long seed) implements Effect {
        /**
         * Checks the range of the values.
         *
         * @param delay how long each byte is delayed
         * @param jitter how much shorter or longer a delay may be
         * @param seed the seed of the jitter
         * @throws IllegalArgumentException if a value is out of range
         */
        public Delay {
            Quantities.wholeMillis("delay", delay);
            if (!jitter.isZero()) {
                Quantities.wholeMillis("jitter", jitter);
            } else {
                seed = 0;
            }
            if (jitter.compareTo(delay) > 0) {
                throw new IllegalArgumentException("jitter (" + Quantities.text(jitter)
                        + ") must be at most the delay (" + Quantities.text(delay) + ")");
            }
        }

        @Override
        public Kind kind() {
            return Kind.DELAY;
        }

        @Override
        public String toString() {
            return "delay " + Quantities.text(delay)
                    + (jitter.isZero() ? "" : " jitter " + Quantities.text(jitter) + " seed " + seed);
        }
    }

    /**
     * Limits the average rate; each write has at most the bytes of 20 ms: {@code throttle 64KiB/s}.
     *
     * @param bytesPerSecond the most bytes per second, on average: 1 to 1,099,511,627,776 (1 TiB)
     */
    record Throttle(long bytesPerSecond) implements Effect {
        /**
         * Checks the range of the value.
         *
         * @param bytesPerSecond the most bytes per second, on average
         * @throws IllegalArgumentException if the value is out of range
         */
        public Throttle {
            Quantities.atLeastOne("throttle", bytesPerSecond);
            if (bytesPerSecond > 1L << 40) {
                throw new IllegalArgumentException("throttle (" + bytesPerSecond + ") must be at most 1024GiB/s");
            }
        }

        @Override
        public Kind kind() {
            return Kind.THROTTLE;
        }

        @Override
        public String toString() {
            return "throttle " + Quantities.text(bytesPerSecond) + "/s";
        }
    }

    /**
     * Sends at most this many bytes with one write: {@code fragment 16 every 5ms}.
     *
     * @param bytes the most bytes of one write, at least 1
     * @param every the shortest time between two writes: zero, or whole milliseconds, 1 ms to 365 days
     */
    record Fragment(int bytes, Duration every) implements Effect {
        /**
         * Checks the range of the values.
         *
         * @param bytes the most bytes of one write
         * @param every the shortest time between two writes
         * @throws IllegalArgumentException if a value is out of range
         */
        public Fragment {
            Quantities.atLeastOne("fragment", bytes);
            if (!every.isZero()) {
                Quantities.wholeMillis("every", every);
            }
        }

        @Override
        public Kind kind() {
            return Kind.FRAGMENT;
        }

        @Override
        public String toString() {
            return "fragment " + Quantities.text(bytes) + (every.isZero() ? "" : " every " + Quantities.text(every));
        }
    }

    /** Ends the connection with an RST: {@code reset}. */
    record Reset() implements Effect {
        @Override
        public Kind kind() {
            return Kind.RESET;
        }

        @Override
        public String toString() {
            return "reset";
        }
    }

    /**
     * Sends a FIN although not everything is echoed, and closes the socket: {@code close}. This is an exception to the
     * rule that a clean end of stream means a complete echo.
     */
    record Close() implements Effect {
        @Override
        public Kind kind() {
            return Kind.CLOSE;
        }

        @Override
        public String toString() {
            return "close";
        }
    }

    /**
     * Sends a FIN without the close_notify that TLS requires before it (RFC 8446, section 6.1), and closes the socket: {@code
     * close without close_notify}. The client cannot tell whether the text is whole; this is a truncation.
     */
    record CloseWithoutNotify() implements Effect {
        @Override
        public Kind kind() {
            return Kind.CLOSE_WITHOUT_NOTIFY;
        }

        @Override
        public String toString() {
            return "close without close_notify";
        }
    }

    /** Sends a FIN and goes on reading, without an answer, until the client's FIN comes: {@code half-close}. */
    record HalfClose() implements Effect {
        @Override
        public Kind kind() {
            return Kind.HALF_CLOSE;
        }

        @Override
        public String toString() {
            return "half-close";
        }
    }

    /** Goes on reading and answers nothing: {@code discard}. */
    record Discard() implements Effect {
        @Override
        public Kind kind() {
            return Kind.DISCARD;
        }

        @Override
        public String toString() {
            return "discard";
        }
    }

    /** Stops reading and sending: {@code stall}. */
    record Stall() implements Effect {
        @Override
        public Kind kind() {
            return Kind.STALL;
        }

        @Override
        public String toString() {
            return "stall";
        }
    }

    /**
     * Flips every bit of some bytes: {@code corrupt}, {@code corrupt byte 5}, {@code corrupt bytes 5-9}.
     *
     * @param first the position of the first of them, counted from 1 at the byte where the fault takes effect
     * @param last the position of the last of them; {@link Long#MAX_VALUE} for no end
     */
    record Corrupt(long first, long last) implements Effect {
        /**
         * Checks the range of the values.
         *
         * @param first the position of the first byte
         * @param last the position of the last byte
         * @throws IllegalArgumentException if a value is out of range
         */
        public Corrupt {
            Quantities.range("corrupt bytes", first, last);
        }

        @Override
        public Kind kind() {
            return Kind.CORRUPT;
        }

        @Override
        public String toString() {
            return first == 1 && last == Long.MAX_VALUE
                    ? "corrupt"
                    : "corrupt " + Quantities.rangeText("byte", first, last);
        }
    }

    /**
     * Flips every bit of a random part of the bytes: {@code corrupt 1% seed 42}.
     *
     * @param percent the probability for each byte, over 0 and at most 100
     * @param seed the seed of the random choice
     */
    record CorruptAtRandom(double percent, long seed) implements Effect {
        /**
         * Checks the range of the values.
         *
         * @param percent the probability for each byte
         * @param seed the seed of the random choice
         * @throws IllegalArgumentException if a value is out of range
         */
        public CorruptAtRandom {
            Quantities.percent("corrupt", percent);
        }

        @Override
        public Kind kind() {
            return Kind.CORRUPT_AT_RANDOM;
        }

        @Override
        public String toString() {
            return "corrupt " + Quantities.percentText(percent) + " seed " + seed;
        }
    }

    /**
     * Sends this many bytes twice before it goes on: {@code duplicate 42}. If fewer bytes come before the client's FIN,
     * it sends those twice.
     *
     * @param bytes how many bytes are sent twice: at least 1, and at most the server's bufferSize
     */
    record Duplicate(int bytes) implements Effect {
        /**
         * Checks the range of the value.
         *
         * @param bytes how many bytes are sent twice
         * @throws IllegalArgumentException if the value is out of range
         */
        public Duplicate {
            Quantities.atLeastOne("duplicate", bytes);
        }

        @Override
        public Kind kind() {
            return Kind.DUPLICATE;
        }

        @Override
        public String toString() {
            return "duplicate " + Quantities.text(bytes);
        }
    }

    /**
     * Drops this many bytes and goes on with those after them: {@code truncate 10}.
     *
     * @param bytes how many bytes are dropped, at least 1
     */
    record Truncate(long bytes) implements Effect {
        /**
         * Checks the range of the value.
         *
         * @param bytes how many bytes are dropped
         * @throws IllegalArgumentException if the value is out of range
         */
        public Truncate {
            Quantities.atLeastOne("truncate", bytes);
        }

        @Override
        public Kind kind() {
            return Kind.TRUNCATE;
        }

        @Override
        public String toString() {
            return "truncate " + Quantities.text(bytes);
        }
    }

    /**
     * Answers the client's FIN this much later: {@code slow-close 2s}.
     *
     * @param delay how much later the FIN is answered: whole milliseconds, 1 ms to 365 days
     */
    record SlowClose(Duration delay) implements Effect {
        /**
         * Checks the range of the value.
         *
         * @param delay how much later the FIN is answered
         * @throws IllegalArgumentException if the value is out of range
         */
        public SlowClose {
            Quantities.wholeMillis("slow-close", delay);
        }

        @Override
        public Kind kind() {
            return Kind.SLOW_CLOSE;
        }

        @Override
        public String toString() {
            return "slow-close " + Quantities.text(delay);
        }
    }

    /**
     * Sends bytes of its own: {@code greet "220 ready\r\n"}.
     *
     * @param bytes the bytes, one for each character of the text (U+0000 to U+00FF); at least one
     */
    record Greet(String bytes) implements Effect {
        /**
         * Checks the range of the value.
         *
         * @param bytes the bytes that are sent
         * @throws IllegalArgumentException if the value is out of range
         */
        public Greet {
            checkBytes(Kind.GREET, bytes);
        }

        @Override
        public Kind kind() {
            return Kind.GREET;
        }

        @Override
        public String toString() {
            return "greet " + Escaping.quoteBytes(bytes);
        }
    }

    /**
     * Answers the client's ClientHello with bytes in clear text and a FIN, as a server without TLS does if a client uses the
     * wrong port: {@code plain "-ERR unknown command\r\n"}.
     *
     * @param bytes the bytes, one for each character of the text (U+0000 to U+00FF); at least one
     */
    record Plain(String bytes) implements Effect {

        /** What an HTTP server answers to bytes that it does not understand. With it, the effect's text is {@code plain}. */
        static final String DEFAULT = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

        /**
         * Checks the range of the value.
         *
         * @param bytes the bytes that are sent
         * @throws IllegalArgumentException if the value is out of range
         */
        public Plain {
            checkBytes(Kind.PLAIN, bytes);
        }

        @Override
        public Kind kind() {
            return Kind.PLAIN;
        }

        @Override
        public String toString() {
            return bytes.equals(DEFAULT) ? "plain" : "plain " + Escaping.quoteBytes(bytes);
        }
    }

    private static void checkBytes(Kind kind, String bytes) {
        if (bytes.isEmpty() || bytes.chars().anyMatch(c -> c > 0xFF)) {
            throw new IllegalArgumentException(kind.word + " (" + Escaping.quote(bytes)
                    + ") must be at least one byte, each a character up to U+00FF; see Fault." + kind.word
                    + "(byte[])");
        }
    }
}
