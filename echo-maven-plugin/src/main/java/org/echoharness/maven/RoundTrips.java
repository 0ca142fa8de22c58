package org.echoharness.maven;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.HdrHistogram.AtomicHistogram;
import org.echoharness.EchoClient;
import org.echoharness.ServerAddress;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;

/**
 * A message that each of several connections sends and reads back several times, with one thread per connection. The
 * thread of the goal calls this class, and waits.
 */
final class RoundTrips {

    /** How long to wait for bytes after the echo if the server keeps the connection open. */
    private static final Duration END = Duration.ofSeconds(2);

    private static final Duration LONGEST_JOIN = Duration.ofSeconds(10);

    private final Message message;
    private final Message expected;
    private final int repeat;
    private final int connections;
    private final Consumer<String> lines;
    private final AtomicHistogram latencies = new AtomicHistogram(RoundTripFigures.LONGEST, 3);
    /** When the last round trip ended, in nanoseconds. */
    private final AtomicLong lastAnswer = new AtomicLong();
    /** True while the lines of the first connection are printed. */
    private volatile boolean printing = true;

    private final List<Thread> threads = new ArrayList<>();

    RoundTrips(Message message, Message expected, int repeat, int connections, Consumer<String> lines) {
        this.message = message;
        this.expected = expected;
        this.repeat = repeat;
        this.connections = connections;
        this.lines = lines;
    }

    /**
     * Opens all connections, then sends on all of them, and prints the first round trip, the progress and the figures.
     * The first failure ends all of them.
     */
    void run(Supplier<EchoClient.Builder> options, Duration betweenProgress) throws IOException, InterruptedException {
        List<EchoClient> clients = new ArrayList<>();
        long nanos;
        try {
            while (clients.size() < connections) {
                clients.add(connect(options.get(), clients.size() + 1));
            }
            nanos = talk(clients, betweenProgress);
        } finally {
            printing = true;
            try {
                close(clients);
            } finally {
                joinThreads();
            }
        }
        RoundTripFigures figures = figures(nanos);
        if (latencies.getTotalCount() > 1) {
            lines.accept(figures.rate());
            lines.accept(figures.latency());
        }
        lines.accept(figures.summary(
                ServerAddress.of(clients.get(0).remoteSocketAddress()), message.length(), expected.length()));
    }

    private EchoClient connect(EchoClient.Builder options, int number) throws IOException {
        try {
            return number == 1 ? options.conversation(this::print).connect() : options.connect();
        } catch (IOException failed) {
            throw located(number, 0, failed);
        }
    }

    /** Returns how long it took, in nanoseconds. */
    private long talk(List<EchoClient> clients, Duration betweenProgress) throws IOException, InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(connections, this::thread);
        CompletionService<@Nullable Void> ended = new ExecutorCompletionService<>(pool);
        try {
            long start = System.nanoTime();
            lastAnswer.set(start);
            for (int number = 1; number <= connections; number++) {
                ended.submit(talk(clients.get(number - 1), number));
            }
            for (int left = connections; left > 0; ) {
                Future<@Nullable Void> next = ended.poll(betweenProgress.toNanos(), TimeUnit.NANOSECONDS);
                if (next == null) {
                    lines.accept(figures(System.nanoTime() - start).progress((long) repeat * connections));
                } else {
                    next.get();
                    left--;
                }
            }
            return lastAnswer.get() - start;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException(failed.getCause());
        } finally {
            pool.shutdown(); // the close of the clients ends those that are left
        }
    }

    private Callable<@Nullable Void> talk(EchoClient client, int number) {
        return () -> {
            for (int trip = 1; trip <= repeat; trip++) {
                long start = System.nanoTime();
                try {
                    message.expect(expected, client);
                } catch (IOException failed) {
                    throw located(number, trip, failed);
                }
                latencies.recordValue(Math.min(System.nanoTime() - start, RoundTripFigures.LONGEST));
                if (number == 1) {
                    printing = false;
                }
            }
            lastAnswer.accumulateAndGet(System.nanoTime(), (a, b) -> b - a > 0 ? b : a);
            expectEnd(client, number);
            return null;
        };
    }

    /** Checks that nothing follows the last round trip. */
    private void expectEnd(EchoClient client, int number) throws IOException {
        try {
            client.expectEnd(END);
        } catch (IOException failed) {
            throw located(number, repeat, failed);
        }
    }

    /** If there are several, names the one that failed. Trip 0 is the connect. */
    private IOException located(int connection, int trip, IOException failed) {
        String where = (connections == 1 ? "" : "connection " + connection + " of " + connections + ": ")
                + (repeat == 1 || trip == 0 ? "" : "round trip " + trip + " of " + repeat + ": ");
        return where.isEmpty() ? failed : new IOException(where + FileErrorText.describe(failed), failed);
    }

    private RoundTripFigures figures(long nanos) {
        return new RoundTripFigures(latencies, nanos, connections);
    }

    /** Takes the lines of the first connection. */
    private void print(String line) {
        if (printing) {
            lines.accept(line);
        }
    }

    private static void close(List<EchoClient> clients) throws IOException {
        for (EchoClient client : clients) {
            client.close();
        }
    }

    private Thread thread(Runnable work) {
        Thread thread = new Thread(work, "echo-client");
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }

    /**
     * Lets a JVM that outlives the build release the goal. The threads end by themselves, because their clients are
     * closed.
     */
    private void joinThreads() throws InterruptedException {
        long deadline = System.nanoTime() + LONGEST_JOIN.toNanos();
        for (Thread thread : threads) {
            TimeUnit.NANOSECONDS.timedJoin(thread, deadline - System.nanoTime());
        }
    }
}
