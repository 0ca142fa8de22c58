package org.echoharness.benchmarks;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * One kind of work against several servers, all of which run all the time, in short turns: other load of the machine
 * affects all alike. A ratio is that of the medians of two servers' turns. Server and load have a processor each where
 * {@code taskset} is there. The processor time of a server is read from {@code /proc}.
 */
final class Contest {

    private static final String C = "c-epoll";
    private static final int WARM_UP_MILLIS = 3_000;
    private static final int TURN_MILLIS = 1_000;
    private static final int BULK_SHARE = 4; // how the kernel cuts a stream differs between turns: many short ones
    private static final double TICK_NANOS = 1e9 / 100; // USER_HZ, the unit of /proc/PID/stat
    private static final boolean PINS = works("taskset", "-c", "0,1", "true");
    private static final Path C_PROGRAM = compiled();

    static final List<String> ALL = List.of(C, "echo", "bare-selector", "netty-nio", "netty-epoll", "threads");

    /** What one turn showed: operations a second, server CPU nanoseconds an operation. */
    private record Figures(double rate, double cpu) {}

    private final String work;
    private final String cpus;
    private final List<String> servers;
    private final Map<String, List<Figures>> turns = new LinkedHashMap<>();

    /** The work is one of {@link Load}'s, after {@code same-cpu:} or {@code unpinned:} if that is wanted. */
    Contest(String work, List<String> servers) {
        boolean special = work.startsWith("same-cpu:") || work.startsWith("unpinned:");
        this.work = special ? work.substring(work.indexOf(':') + 1) : work;
        cpus = special ? work.substring(0, work.indexOf(':')) : "";
        this.servers = servers.stream()
                .filter(server -> !server.equals(C) || C_PROGRAM != null)
                .toList();
    }

    String yardstick() {
        return servers.get(0);
    }

    void run(int rounds) throws IOException {
        int share = work.startsWith("bulk") ? BULK_SHARE : 1;
        List<Peer> peers = new ArrayList<>();
        try (Peer load = new Peer(cpus.isEmpty() ? "1" : cpus.equals("same-cpu") ? "0" : "0,1", java("Load"))) {
            for (String server : servers) {
                peers.add(server(server, cpus.equals("unpinned") ? "0,1" : "0"));
            }
            for (Peer peer : peers) {
                turn(load, peer, WARM_UP_MILLIS);
            }
            for (int round = 0; round < rounds * share; round++) {
                for (int i = 0; i < peers.size(); i++) {
                    turns.computeIfAbsent(servers.get(i), name -> new ArrayList<>())
                            .add(turn(load, peers.get(i), TURN_MILLIS / share));
                }
            }
        } finally {
            for (Peer peer : peers) {
                peer.close();
            }
        }
    }

    Map<String, Double> rates() {
        return ratios(Figures::rate);
    }

    Map<String, Double> cpu() {
        return ratios(Figures::cpu);
    }

    private Map<String, Double> ratios(ToDoubleFunction<Figures> which) {
        Map<String, Double> ratios = new LinkedHashMap<>();
        double base = median(turns.get(yardstick()), which);
        turns.forEach((server, own) -> ratios.put(server, median(own, which) / base));
        return ratios;
    }

    private static double median(List<Figures> turns, ToDoubleFunction<Figures> which) {
        return median(turns.stream().mapToDouble(which).boxed().toList());
    }

    private Figures turn(Peer load, Peer server, int millis) throws IOException {
        load.tell(server.port + " " + work + " " + millis);
        load.answer(); // START
        long before = server.cpuTicks();
        String[] end = load.answer().split(" ", 3);
        double operations = Double.parseDouble(end[1]);
        return new Figures(
                operations / Double.parseDouble(end[2]) * 1e9, (server.cpuTicks() - before) * TICK_NANOS / operations);
    }

    /** Bytes of heap that each open connection adds to the server, after one use. */
    static double idleBytes(String kind, int connections) throws IOException {
        try (Peer server = server(kind, "0");
                Peer load = new Peer("1", java("Load"))) {
            load.tell(server.port + " idle:100 1"); // loads the classes that serving needs
            load.answer();
            load.tell("");
            load.answer();
            server.tell("g");
            double before = Double.parseDouble(server.answer());
            load.tell(server.port + " idle:" + connections + " 1");
            load.answer();
            server.tell("g");
            return (Double.parseDouble(server.answer()) - before) / connections;
        }
    }

    /** With nothing on the class path but what a user of that kind has there: each jar makes the JVM's first steps longer. */
    static double firstUseMillis(String kind, List<String> jars) throws IOException {
        List<String> classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> jars.stream().anyMatch(entry::contains))
                .toList();
        List<String> command = java("FirstUse", kind);
        command.set(command.indexOf("-cp") + 1, String.join(File.pathSeparator, classPath));
        try (Peer user = new Peer("0,1", command)) {
            return Double.parseDouble(user.answer()) / 1000;
        }
    }

    static double median(List<Double> figures) {
        List<Double> sorted = figures.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    private static Peer server(String kind, String cpus) throws IOException {
        Peer server = new Peer(cpus, kind.equals(C) ? List.of(String.valueOf(C_PROGRAM)) : java("Servers", kind));
        server.port = server.answer();
        return server;
    }

    /** A process of this contest, which takes commands line by line. */
    private static final class Peer implements AutoCloseable {

        private final Process process;
        private final BufferedReader answers;
        private String port = "";

        Peer(String cpus, List<String> command) throws IOException {
            List<String> pinned = new ArrayList<>(PINS ? List.of("taskset", "-c", cpus) : List.of());
            pinned.addAll(command);
            process = new ProcessBuilder(pinned)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
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

        long cpuTicks() throws IOException {
            String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 20);
            return Long.parseLong(fields[11]) + Long.parseLong(fields[12]); // utime and stime
        }

        @Override
        public void close() throws IOException {
            process.destroyForcibly();
            answers.close();
        }
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
        Path program = Path.of("target", "epoll_echo").toAbsolutePath();
        String source = Path.of("src", "main", "c", "epoll_echo.c").toString();
        return works("cc", "-O2", "-o", program.toString(), source) ? program : null;
    }
}
