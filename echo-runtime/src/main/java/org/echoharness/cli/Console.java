package org.echoharness.cli;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.echoharness.LineBuffer;

/** The output of a command, which never waits for its reader. Any thread may print. */
final class Console {

    /** The longest wait for a line to be printed at the end of a command, and at its end by a signal. */
    private static final Duration IDLE = Duration.ofSeconds(3);

    private static final Duration IDLE_AT_SIGNAL = Duration.ofMillis(400);
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

    /** What is wrong, to standard error. */
    void error(String line) {
        err.accept("echo: ".concat(line));
    }

    /** Waits until all is printed, but not for output that blocks. */
    void close() {
        out.close(IDLE, MOST);
        err.close(IDLE, MOST);
    }

    /** As above, when a signal ends the process: within its 2 seconds. */
    void closeAtSignal() {
        out.close(IDLE_AT_SIGNAL, MOST_AT_SIGNAL);
        err.close(IDLE_AT_SIGNAL, MOST_AT_SIGNAL);
    }

    private static Consumer<String> printing(PrintStream stream, String property) {
        CharsetEncoder encoder = charset(stream, property).newEncoder();
        return line -> stream.println(encoder.canEncode(line) ? line : escaped(line, encoder));
    }

    /** The one of that stream, for which JDK 17 has no method. */
    private static Charset charset(PrintStream stream, String property) {
        boolean isOfSystem = stream == System.out || stream == System.err;
        String name = isOfSystem ? System.getProperty(property, System.getProperty("sun." + property)) : null;
        return name != null && Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset();
    }

    /** What the stream would print as question marks. */
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
