package org.echoharness;

import java.io.PrintStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The default callback for warnings: prints them to {@link System#err}, on a thread of its own, since printing may
 * block. Any thread may call it. It is a class and not a lambda, because each builder makes one and the first use of a
 * lambda costs more than the start of a server.
 */
final class DefaultWarnings implements Consumer<String> {

    /** Prints the lines to one stream. */
    private record Printer(PrintStream stream) implements Consumer<String> {
        @Override
        public void accept(String line) {
            stream.println("echo server: ".concat(line));
        }
    }

    private static @Nullable Printer printer; // this and the next field: for all servers; guarded by the class
    private static @Nullable LineBuffer lines;

    @Override
    public void accept(String line) {
        linesTo(System.err).accept(line);
    }

    /**
     * Returns the buffer for a stream. A line is printed to the {@link System#err} of the moment at which it came, even
     * if that is replaced before the line is printed.
     */
    @SuppressWarnings("ReferenceEquality") // a stream equals itself alone
    private static synchronized LineBuffer linesTo(PrintStream stream) {
        if (lines == null || printer == null || printer.stream != stream) {
            printer = new Printer(stream);
            lines = LineBuffer.printedAtExit(printer);
        }
        return lines;
    }

    /** Loads the classes that the first line needs: see {@link Preload}. */
    static void load() {
        LineBuffer.printedAtExit(new Printer(System.err)).load();
    }
}
