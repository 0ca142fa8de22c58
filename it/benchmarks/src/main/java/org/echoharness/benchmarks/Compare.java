package org.echoharness.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs each kind of work against each server in turn, several rounds, and prints the medians and their ratio to the
 * yardstick: the C server where there is a C compiler, else the bare selector loop. Server and load have a processor each
 * where {@code taskset} is there. Linux only: the processor time of the server is read from {@code /proc}.
 *
 * <p>Arguments: {@code ROUNDS SECONDS [WORK...]}.
 */
final class Compare {

    private static final List<String> JAVA_SERVERS =
            List.of("echo", "bare-selector", "netty-nio", "netty-epoll", "threads");
    private static final List<String> WORKS = List.of(
            "same-cpu:ping:1:64",
            "ping:1:64",
            "ping:100:64",
            "ping:100:4096",
            "bulk:8",
            "connect",
            "idle:10000",
            "first-use");
    private static final double TICK_NANOS = 1e9 / 100; // USER_HZ, the unit of /proc/PID/stat

    /** What one run showed: operations a second, server CPU nanoseconds an operation; for idle work bytes each. */
    record Figures(double rate, double cpu) {}

    private final int rounds;
    private final int seconds;
    private final boolean pins = works("taskset", "-c", "0,1", "true");
    private final Path c = compiled();

    private Compare(int rounds, int seconds) {
        this.rounds = rounds;
        this.seconds = seconds;
    }

    public static void main(String[] args) throws Exception {
        Compare compare = new Compare(
                args.length > 0 ? Integer.parseInt(args[0]) : 3, args.length > 1 ? Integer.parseInt(args[1]) : 3);
        List<String> works = args.length > 2 ? Arrays.asList(args).subList(2, args.length) : WORKS;
        for (String work : works) {
            if (work.equals("first-use")) {
                compare.firstUse();
            } else {
                compare.print(work, compare.run(work));
            }
        }
    }

    private Map<String, List<Figures>> run(String work) throws Exception {
        List<String> servers = new ArrayList<>(JAVA_SERVERS);
        if (c != null && !work.startsWith("idle")) {
            servers.add(0, "c-epoll");
        }
        Map<String, List<Figures>> all = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            for (String server : servers) {
                all.computeIfAbsent(server, name -> new ArrayList<>()).add(run(server, work));
            }
        }
        return all;
    }

    private Figures run(String server, String work) throws Exception {
        boolean sameCpu = work.startsWith("same-cpu:");
        Process serving = start(0, server.equals("c-epoll") ? List.of(c.toString()) : java("Servers", server));
        try (BufferedReader told = reader(serving)) {
            int port = Integer.parseInt(told.readLine());
            if (work.startsWith("idle:")) {
                return idle(serving, told, port, work);
            }
            Process loading = start(
                    sameCpu ? 0 : 1,
                    java("Load", Integer.toString(port), work.replace("same-cpu:", ""), Integer.toString(seconds)));
            try (BufferedReader lines = reader(loading)) {
                lines.readLine(); // START
                long before = cpuTicks(serving);
                String[] end = lines.readLine().split(" ", 3);
                long ticks = cpuTicks(serving) - before;
                double operations = Double.parseDouble(end[1]);
                return new Figures(operations / Double.parseDouble(end[2]) * 1e9, ticks * TICK_NANOS / operations);
            } finally {
                end(loading);
            }
        } finally {
            end(serving);
        }
    }

    private Figures idle(Process serving, BufferedReader told, int port, String work) throws Exception {
        idleLoad(port, "idle:100").close(); // loads the classes that serving needs
        long before = heap(serving, told);
        try (IdleLoad load = idleLoad(port, work)) {
            return new Figures(0, (double) (heap(serving, told) - before) / load.connections);
        }
    }

    private record IdleLoad(Process process, BufferedReader lines, int connections) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            process.getOutputStream().close();
            lines.readLine();
            end(process);
        }
    }

    private IdleLoad idleLoad(int port, String work) throws IOException {
        Process process = start(1, java("Load", Integer.toString(port), work, "1"));
        BufferedReader lines = reader(process);
        lines.readLine(); // START
        return new IdleLoad(process, lines, Integer.parseInt(work.substring("idle:".length())));
    }

    private static long heap(Process serving, BufferedReader told) throws IOException {
        serving.getOutputStream().write('g');
        serving.getOutputStream().flush();
        return Long.parseLong(told.readLine());
    }

    private void firstUse() throws IOException {
        System.out.printf("%nfirst use in a new JVM (median of 15)%n");
        for (String kind : List.of("bare", "echo", "netty-nio", "mock-web-server")) {
            List<Figures> figures = new ArrayList<>();
            for (int i = 0; i < 15; i++) {
                try (BufferedReader told = reader(start(0, java("FirstUse", kind)))) {
                    figures.add(new Figures(0, Double.parseDouble(told.readLine()) / 1000));
                }
            }
            System.out.printf("  %-16s %6.1f ms%n", kind, median(figures, Figures::cpu));
        }
    }

    private void print(String work, Map<String, List<Figures>> all) {
        Map<String, Figures> medians = new LinkedHashMap<>();
        all.forEach((server, figures) ->
                medians.put(server, new Figures(median(figures, Figures::rate), median(figures, Figures::cpu))));
        Figures yardstick = medians.values().iterator().next();
        boolean idle = work.startsWith("idle");
        System.out.printf("%n%s (%d rounds of %d s)%n", work, rounds, seconds);
        medians.forEach((server, figures) -> {
            if (idle) {
                System.out.printf("  %-14s %,9.0f bytes each%n", server, figures.cpu());
            } else {
                System.out.printf(
                        "  %-14s rate %,14.0f/s  ratio %.2f   server cpu %,10.2f ns each  ratio %.2f%n",
                        server,
                        figures.rate(),
                        figures.rate() / yardstick.rate(),
                        figures.cpu(),
                        figures.cpu() / yardstick.cpu());
            }
        });
    }

    private static double median(List<Figures> figures, java.util.function.ToDoubleFunction<Figures> which) {
        double[] sorted = figures.stream().mapToDouble(which).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static long cpuTicks(Process process) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 20);
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]); // utime and stime
    }

    private Process start(int cpu, List<String> command) throws IOException {
        List<String> pinned = new ArrayList<>(pins ? List.of("taskset", "-c", Integer.toString(cpu)) : List.of());
        pinned.addAll(command);
        return new ProcessBuilder(pinned)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static List<String> java(String main, String... args) {
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

    private static BufferedReader reader(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    private static void end(Process process) {
        process.destroyForcibly();
    }

    private static boolean works(String... command) {
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException absent) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The C server as a program, or null where there is no compiler. */
    private static Path compiled() {
        Path program = Path.of("target", "epoll_echo");
        boolean done = works(
                "cc",
                "-O2",
                "-o",
                program.toString(),
                Path.of("src", "main", "c", "epoll_echo.c").toString());
        return done ? program.toAbsolutePath() : null;
    }
}
