package org.echoharness.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that takes part in a {@link Contest}: a server, or the load. It has its processors where {@code taskset} is there,
 * and takes commands line by line. The processor time is read from {@code /proc}.
 */
final class MeasuredProcess implements AutoCloseable {

    private static final boolean PINS = works("taskset", "-c", "0,1", "true");

    private static final double TICK_NANOS = 1e9 / 100; // USER_HZ, the unit of /proc/PID/stat

    private final Process process;
    private final BufferedReader answers;
    private String port = "";

    MeasuredProcess(String cpus, List<String> command) throws IOException {
        List<String> pinned = new ArrayList<>(PINS ? List.of("taskset", "-c", cpus) : List.of());
        pinned.addAll(command);
        process = new ProcessBuilder(pinned)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    /** Starts a server whose first line of output is its port. */
    static MeasuredProcess server(String cpus, List<String> command) throws IOException {
        MeasuredProcess server = new MeasuredProcess(cpus, command);
        try {
            server.port = server.answer();
            return server;
        } catch (IOException failed) {
            server.close();
            throw failed;
        }
    }

    /** Starts a server that listens on this port some time later. */
    static MeasuredProcess server(String cpus, List<String> command, int port) throws IOException {
        MeasuredProcess server = new MeasuredProcess(cpus, command);
        server.port = Integer.toString(port);
        return server;
    }

    String port() {
        return port;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void tell(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
    }

    String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException(
                    "no answer from " + process.info().commandLine().orElse("a process that has ended"));
        }
        return line;
    }

    /** Nanoseconds of processor time so far, with that of its children, also of those that have ended. */
    double cpuNanos() throws IOException {
        double nanos = statNanos(process.pid());
        for (ProcessHandle child : process.descendants().toList()) {
            try {
                nanos += childNanos(child.pid());
            } catch (IOException ended) {
                // from now on, its parent counts it
            }
        }
        return nanos;
    }

    /** Nanoseconds of a process of one thread; there may be many such, each with less than a tick. */
    private static double childNanos(long pid) throws IOException {
        Path precise = Path.of("/proc", Long.toString(pid), "schedstat");
        return Files.exists(precise)
                ? Double.parseDouble(Files.readString(precise).split(" ", 2)[0])
                : statNanos(pid);
    }

    private static double statNanos(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 20);
        long ticks = 0;
        for (int i = 11; i <= 14; i++) { // utime, stime, and those of the children that have ended
            ticks += Long.parseLong(fields[i]);
        }
        return ticks * TICK_NANOS;
    }

    @Override
    public void close() throws IOException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        answers.close();
    }

    /** A JVM that runs this class of the benchmarks. */
    static List<String> java(String main, String... args) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                "org.echoharness.benchmarks." + main));
        command.addAll(List.of(args));
        return command;
    }

    /** The same with all of its heap in memory from the start on, so that what it takes later lies outside. */
    static List<String> javaWithWholeHeap(String main, String... args) {
        List<String> command = java(main, args);
        command.addAll(1, List.of("-Xms1g", "-XX:+AlwaysPreTouch"));
        return command;
    }

    /** Whether the command exists and exits with 0. */
    static boolean works(String... command) {
        try {
            return new ProcessBuilder(command)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException absent) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
