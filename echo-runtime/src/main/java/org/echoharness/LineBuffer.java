package org.echoharness;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes lines without waiting; its own daemon thread passes them to an output that may block, such as a pipe that no
 * process reads. The order of the lines is kept. The buffer holds lines of about 1,048,576 characters (1 Mi) in all.
 * While it is full, it drops further lines, and then reports their number in a line of its own: {@code 206 lines were
 * left out}. Any thread may use it.
 *
 * <pre>{@code
 * try (LineBuffer lines = new LineBuffer(System.out::println);
 *         EchoServer server = EchoServer.builder().conversation(lines).start()) {
 *     // talk to the server
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public final class LineBuffer implements Consumer<String>, AutoCloseable {

    private static final int MOST = 1 << 20;
    private static final int OVERHEAD = 64; // of a line, besides its characters
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1); // then the thread ends if no line came
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(200); // with the other buffer
    private static final Duration DRAIN = Duration.ofSeconds(1);
    private static final Duration IDLE_AT_EXIT = Duration.ofSeconds(1);
    private static final Duration MOST_AT_EXIT = Duration.ofMillis(1_500);

    /** A line, its number among those of both buffers, and when it came. */
    private record Line(String text, long number, long nanos) {}

    /** Shared by two buffers whose lines come out in one order, as long as neither blocks. */
    private static final class Order {
        private long next;
    }

    /** What its threads do. It is a class, since lambdas would load more classes when the first line comes. */
    private final class Work implements Runnable {
        private final boolean isAtExit;

        Work(boolean isAtExit) {
            this.isAtExit = isAtExit;
        }

        @Override
        public void run() {
            if (isAtExit) {
                drain(IDLE_AT_EXIT, MOST_AT_EXIT);
            } else {
                handOn();
            }
        }
    }

    private final Consumer<String> sink;
    private final boolean isPrintedAtExit;
    private final Order order; // also the monitor that guards the fields below
    private final ArrayDeque<Line> lines = new ArrayDeque<>();
    private @Nullable LineBuffer other;
    private @Nullable Line handedOn; // the line that the sink is taking
    private @Nullable Thread thread;
    private @Nullable Thread hook; // exists as long as the thread
    private int held;
    private long leftOut;
    private long done; // lines that the sink took
    private boolean isClosed;

    /**
     * Makes an empty buffer. Its thread starts with the first line.
     *
     * @param sink takes one line at a time, without its line end, and may block; the thread of the buffer calls it, and
     *     an exception that it throws is ignored
     */
    public LineBuffer(Consumer<String> sink) {
        this(sink, new Order(), false);
    }

    private LineBuffer(Consumer<String> sink, Order order, boolean isPrintedAtExit) {
        this.sink = sink;
        this.order = order;
        this.isPrintedAtExit = isPrintedAtExit;
    }

    /**
     * Returns a buffer that need not be closed: the JVM's end waits for its lines, at most 1 s for each and 1.5 s in
     * all.
     */
    static LineBuffer printedAtExit(Consumer<String> sink) {
        return new LineBuffer(sink, new Order(), true);
    }

    /** Loads the classes that the first line needs. */
    void load() {
        lines.add(new Line("", 0, 0));
        lines.clear();
        new Work(true);
    }

    /**
     * Returns another buffer, for another output, such as standard error. A line of one buffer waits until the other
     * has passed on the lines that came before it, but at most 200 ms. Call this at most once for a buffer.
     *
     * @param itsSink takes the lines of the other buffer, like the sink of this buffer
     * @return the other buffer
     */
    public LineBuffer beside(Consumer<String> itsSink) {
        LineBuffer beside = new LineBuffer(itsSink, order, isPrintedAtExit);
        beside.other = this;
        other = beside;
        return beside;
    }

    /**
     * Takes a line, or drops it if the buffer is full or closed.
     *
     * @param line the line, without its line end
     */
    @Override
    public void accept(String line) {
        synchronized (order) {
            int size = line.length() + OVERHEAD;
            if (isClosed || held > (leftOut > 0 ? MOST / 2 : MOST - size)) { // drops in runs, not every other line
                leftOut++;
                return;
            }
            reportLeftOut();
            add(line);
        }
    }

    private void reportLeftOut() {
        if (leftOut > 0) {
            add(leftOut == 1 ? "1 line was left out" : leftOut + " lines were left out");
            leftOut = 0;
        }
    }

    private void add(String line) {
        lines.add(new Line(line, order.next++, System.nanoTime()));
        held += line.length() + OVERHEAD;
        if (thread == null) {
            start();
        } else {
            order.notifyAll();
        }
    }

    private void start() {
        try {
            Thread starting = new Thread(new Work(false), "echo lines");
            starting.setDaemon(true);
            starting.start();
            thread = starting;
            if (isPrintedAtExit) {
                Thread atExit = new Thread(new Work(true), "echo lines at exit");
                Runtime.getRuntime().addShutdownHook(atExit);
                hook = atExit;
            }
        } catch (OutOfMemoryError none) {
            return; // the next line, or the close, tries again
        } catch (IllegalStateException exiting) {
            return; // the JVM is ending; the thread prints until it has ended
        }
    }

    private void threadEnds() {
        thread = null;
        if (hook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException exiting) {
                // the JVM is ending, and the hook has nothing to wait for
            }
            hook = null;
        }
    }

    /** Passes the lines to the sink, on the thread of the buffer. */
    private void handOn() {
        while (true) {
            Line line = next();
            if (line == null) {
                return;
            }
            try {
                sink.accept(line.text);
            } catch (RuntimeException | Error ignored) {
                // it cannot be reported: the sink is where reports go
            }
            synchronized (order) {
                handedOn = null;
                done++;
                order.notifyAll();
            }
        }
    }

    private @Nullable Line next() {
        synchronized (order) {
            long idleSince = System.nanoTime();
            while (true) {
                Line first = lines.peek();
                long now = System.nanoTime();
                long wait = first != null ? waitForOther(first, now) : IDLE_NANOS - (now - idleSince);
                if (wait <= 0 || (first == null && isClosed)) {
                    handedOn = lines.poll();
                    if (handedOn == null) {
                        threadEnds();
                    } else {
                        held -= handedOn.text.length() + OVERHEAD;
                    }
                    return handedOn;
                }
                pause(wait);
            }
        }
    }

    /** Returns how many nanoseconds a line is to wait for an older one of the other buffer. */
    private long waitForOther(Line line, long now) {
        LineBuffer beside = other;
        Line older = beside == null ? null : beside.handedOn != null ? beside.handedOn : beside.lines.peek();
        return older == null || older.number > line.number ? 0 : PATIENCE_NANOS - (now - line.nanos);
    }

    /** Waits, and returns whether the thread was interrupted. */
    private boolean pause(long nanos) {
        try {
            TimeUnit.NANOSECONDS.timedWait(order, nanos);
            return false;
        } catch (InterruptedException interrupted) {
            return true;
        }
    }

    /**
     * Waits until all lines are passed on, or until none has been passed on for 1 second. Lines that come later are
     * dropped.
     */
    @Override
    public void close() {
        close(DRAIN, Duration.ofDays(1));
    }

    /**
     * Waits until all lines are passed on, but within these times. Lines that come later are dropped.
     *
     * @param idle the longest wait for the next line to be passed on
     * @param most the longest wait in all
     */
    public void close(Duration idle, Duration most) {
        synchronized (order) {
            reportLeftOut();
            isClosed = true;
            order.notifyAll();
        }
        drain(idle, most);
    }

    private void drain(Duration idle, Duration most) {
        boolean interrupted = false;
        synchronized (order) {
            long start = System.nanoTime();
            long before = done;
            long since = start;
            while (!lines.isEmpty() || handedOn != null) {
                if (thread == null) {
                    start(); // there was no memory for the thread before
                }
                long now = System.nanoTime();
                long left = Math.min(idle.toNanos() - (now - since), most.toNanos() - (now - start));
                if (left <= 0) {
                    break;
                }
                interrupted |= pause(left);
                if (done != before) {
                    before = done;
                    since = System.nanoTime();
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * The default callback for warnings: prints them to {@link System#err}, on a thread of its own, since printing may
     * block. Any thread may call it. It is a class and not a lambda, because each builder makes one and the first use of a
     * lambda costs more than the start of a server.
     */
    static final class DefaultWarnings implements Consumer<String> {

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
}
