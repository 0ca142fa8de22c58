package org.echoharness.benchmarks;

import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;

/** The memory of this process. */
final class Memory {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String RESIDENT = "VmRSS:";
    private static final int REST_MILLIS = 500;

    private Memory() {}

    /** Bytes in use after several garbage collections. */
    static long usedAfterGc() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    /**
     * Bytes of the process that are in memory, or 0 where there is no {@code /proc}. The JIT compilers take and free some
     * megabytes, which no connection costs: this waits until they rest, and lets the C library give back what is free.
     */
    static long resident() throws IOException, InterruptedException {
        if (!Files.exists(STATUS)) {
            return 0;
        }
        CompilationMXBean compilers = ManagementFactory.getCompilationMXBean();
        long spent;
        do {
            spent = compilers.getTotalCompilationTime();
            Thread.sleep(REST_MILLIS);
        } while (compilers.getTotalCompilationTime() != spent);
        try {
            ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "systemTrimNativeHeap",
                            new Object[] {null},
                            new String[] {String[].class.getName()});
        } catch (JMException e) {
            throw new IOException("this JVM cannot trim its native heap; later updates of its version can", e);
        }
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(RESIDENT))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .sum();
        }
    }
}
