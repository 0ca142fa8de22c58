package org.echoharness.cli;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.echoharness.LineBuffer;

/** Prints the output of a command without waiting for the reader of it. Any thread may print. */
final class Console {

    /** The longest wait for one line to be printed, at the end of a command and when a signal ends it. */
    private static final Duration IDLE = Duration.ofSeconds(3);

    private static final Duration IDLE_AT_SIGNAL = Duration.ofMillis(400);

    /** The longest wait for all lines to be printed, in the same two cases. */
    private static final Duration MOST = Duration.ofSeconds(30);

    private static final Duration MOST_AT_SIGNAL = Duration.ofMillis(800);

    private final LineBuffer out;
    private final LineBuffer err;

    Console(PrintStream out, PrintStream err) {
        this.out = new LineBuffer(printing(out, "stdout.encoding"));
        this.err = this.out.beside(printing(err, "stderr.encoding"));
    }

    void out(String line) {
        out.accept(line);
    }

    /** Prints an error to standard error. */
    void error(String line) {
        err.accept("echo: ".concat(line));
    }

    /** Waits until all lines are printed. Gives up if the output blocks. */
    void close() {
        out.close(IDLE, MOST);
        err.close(IDLE, MOST);
    }

    /** Closes the output when a signal ends the process: within 2 seconds. */
    void closeAtSignal() {
        out.close(IDLE_AT_SIGNAL, MOST_AT_SIGNAL);
        err.close(IDLE_AT_SIGNAL, MOST_AT_SIGNAL);
    }

    private static Consumer<String> printing(PrintStream stream, String property) {
        CharsetEncoder encoder = charset(stream, property).newEncoder();
        return line -> stream.println(encoder.canEncode(line) ? line : escaped(line, encoder));
    }

    /** Returns the charset of the stream, for which JDK 17 has no method. */
    private static Charset charset(PrintStream stream, String property) {
        boolean isOfSystem = stream == System.out || stream == System.err;
        String name = isOfSystem ? System.getProperty(property, System.getProperty("sun." + property)) : null;
        return name != null && Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset();
    }

    /** Escapes the characters that the stream would print as question marks. */
    private static String escaped(String line, CharsetEncoder encoder) {
        StringBuilder text = new StringBuilder();
        line.codePoints().forEach(c -> {
            String one = Character.toString(c);
            if (encoder.canEncode(one)) {
                text.append(one);
            } else {
                for (byte b : one.getBytes(StandardCharsets.UTF_8)) {
                    text.append("\\x").append(HexFormat.of().toHexDigits(b));
                }
            }
        });
        return text.toString();
    }
}
