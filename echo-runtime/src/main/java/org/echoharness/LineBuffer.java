package org.echoharness;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes lines without ever waiting, and hands them on, in their order, by a daemon thread of its own: for output that
 * may block, such as a pipe that is not read. It holds about 1 MiB of lines. While it is full, it leaves out further
 * lines, and then reports their number in a line of its own: {@code 206 lines were left out}. Any thread may use it.
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
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1); // the thread ends after so long without a line
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(200); // with the other buffer
    private static final Duration DRAIN = Duration.ofSeconds(1);
    private static final Duration IDLE_AT_EXIT = Duration.ofSeconds(1);
    private static final Duration MOST_AT_EXIT = Duration.ofMillis(1_500);

    /** A line, its place among those of both buffers, and when it came. */
    private record Line(String text, long number, long nanos) {}

    /** Shared by two buffers whose lines come out in one order, as long as neither blocks. */
    private static final class Order {
        private long next;
    }

    /** What its threads do. A class where lambdas would do: those need more classes when the first line comes. */
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
    private final Order order; // also the monitor of all that follows
    private final ArrayDeque<Line> lines = new ArrayDeque<>();
    private @Nullable LineBuffer other;
    private @Nullable Line handedOn; // which the sink has and has not returned from
    private @Nullable Thread thread;
    private @Nullable Thread hook; // as long as the thread
    private int held;
    private long leftOut;
    private long done; // lines that the sink took
    private boolean isClosed;

    /**
     * A buffer with no line in it, and no thread until one comes.
     *
     * @param sink takes one line at a time, without its end, and may block; what it throws is ignored
     */
    public LineBuffer(Consumer<String> sink) {
        this(sink, new Order(), false);
    }

    private LineBuffer(Consumer<String> sink, Order order, boolean isPrintedAtExit) {
        this.sink = sink;
        this.order = order;
        this.isPrintedAtExit = isPrintedAtExit;
    }

    /** A buffer that is not closed: the end of the JVM waits for its lines, 1 s for the next and 1.5 s in all at the most. */
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
     * Another buffer, for another output, such as standard error: a line of either waits for those that came before it to the
     * other, but 200 ms at the most. At most one can be made of each.
     *
     * @param itsSink as that of this buffer
     * @return the other buffer
     */
    public LineBuffer beside(Consumer<String> itsSink) {
        LineBuffer beside = new LineBuffer(itsSink, order, isPrintedAtExit);
        beside.other = this;
        other = beside;
        return beside;
    }

    /**
     * Takes a line, or leaves it out.
     *
     * @param line without its end
     */
    @Override
    public void accept(String line) {
        synchronized (order) {
            int size = line.length() + OVERHEAD;
            if (isClosed || held > (leftOut > 0 ? MOST / 2 : MOST - size)) { // in runs, not every other line
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
            return; // the next line tries again, and the close
        } catch (IllegalStateException exiting) {
            return; // the thread prints as long as it can
        }
    }

    private void threadEnds() {
        thread = null;
        if (hook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException exiting) {
                // then it has nothing to wait for
            }
            hook = null;
        }
    }

    /** Runs on the thread. */
    private void handOn() {
        while (true) {
            Line line = next();
            if (line == null) {
                return;
            }
            try {
                sink.accept(line.text);
            } catch (RuntimeException | Error ignored) {
                // there is no other place to report it
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

    /** How long a line is to wait for an older one of the other buffer. */
    private long waitForOther(Line line, long now) {
        LineBuffer beside = other;
        Line older = beside == null ? null : beside.handedOn != null ? beside.handedOn : beside.lines.peek();
        return older == null || older.number > line.number ? 0 : PATIENCE_NANOS - (now - line.nanos);
    }

    /** Returns whether the thread was interrupted. */
    private boolean pause(long nanos) {
        try {
            TimeUnit.NANOSECONDS.timedWait(order, nanos);
            return false;
        } catch (InterruptedException interrupted) {
            return true;
        }
    }

    /**
     * Waits until all lines are handed on, or until none was handed on for 1 second. Lines that come later are left
     * out.
     */
    @Override
    public void close() {
        close(DRAIN, Duration.ofDays(1));
    }

    /**
     * Waits until all lines are handed on, but within these times. Lines that come later are left out.
     *
     * @param idle the longest wait for the next line to be handed on
     * @param most the longest wait for all of them
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
                    start(); // there was no memory for it
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
}
