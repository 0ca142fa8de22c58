package org.echoharness.stress;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.echoharness.ConnectionCounters;
import org.echoharness.EchoServer;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Assumptions;

/** What this process, or another, uses of the system. */
final class Usage {

    private static final String LOOP_PREFIX = "echo-server ";

    private Usage() {}

    /** Waits until the server has these counts, except the peak: it counts shortly after the client sees the end. */
    static void awaitCounters(EchoServer server, ConnectionCounters expected) {
        Waiting.await("counters").until(() -> withoutPeak(server.counters()), Predicate.isEqual(expected));
    }

    private static ConnectionCounters withoutPeak(ConnectionCounters of) {
        return new ConnectionCounters(of.accepted(), of.rejected(), of.idleClosed(), of.reset(), of.failed(), 0);
    }

    /** The threads of servers in this process. */
    static List<Thread> serverThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(LOOP_PREFIX))
                .toList();
    }

    /** Waits until no more files are open than before. Notes its figures before the wait, so that a failure keeps them. */
    static void awaitFiles(Row row, FileDescriptors.Snapshot before, int threadsBefore) {
        row.figure("threads %d before, %d after", threadsBefore, threads());
        row.figure("fds %d before", before.count());
        row.figure("%d after", before.await());
    }

    static int threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    /** Bytes of live objects on this process's heap, after garbage collections. */
    static long heap() {
        System.gc();
        System.gc();
        Runtime heap = Runtime.getRuntime();
        return heap.totalMemory() - heap.freeMemory();
    }

    /** Bytes of this process's direct buffers. */
    static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    static Duration cpu(ProcessHandle process) {
        return process.info().totalCpuDuration().orElseGet(() -> Assumptions.abort("no processor times here"));
    }

    /** Bytes of the process that are in memory; 0 where there is no /proc. */
    static long rss(ProcessHandle process) throws IOException {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .findFirst()
                            .orElse(0)
                    * PlainSockets.KIB;
        }
    }
}
