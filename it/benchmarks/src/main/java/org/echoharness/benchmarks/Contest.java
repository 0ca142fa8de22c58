package org.echoharness.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * One kind of work against several servers, all of which run all the time, in short turns: other load of the machine
 * affects all alike. A ratio is that of the medians of two servers' turns. Server and load have a processor each.
 */
final class Contest {

    private static final String C = "c-epoll";
    private static final int WARM_UP_MILLIS = 3_000;
    private static final int MOST_WARM_UPS = 5;
    private static final int IDLE_WARM_UPS = 20;
    private static final int TURN_MILLIS = 1_000;
    private static final int BULK_SHARE = 4; // how the kernel cuts a stream differs between turns: many short ones
    private static final Path C_PROGRAM = compiled();

    static final List<String> ALL = List.of(C, "echo", "bare-selector", "netty-nio", "netty-epoll", "threads");

    /** What one turn showed: operations a second, server CPU nanoseconds an operation. */
    private record Figures(double rate, double cpu) {}

    /** Starts a server. */
    interface Starter {

        /** Starts the server of this name on these processors. */
        MeasuredProcess start(String name, String cpus) throws IOException;
    }

    private final String work;
    private final String cpusOfServer;
    private final String cpusOfLoad;
    private final Starter starter;
    private final List<String> servers;
    private final Map<String, List<Figures>> turns = new LinkedHashMap<>();

    /** The work is one of {@link Load}'s, after {@code same-cpu:} or {@code unpinned:} if that is wanted. */
    Contest(String work, List<String> servers) {
        this(
                work,
                servers.stream()
                        .filter(server -> !server.equals(C) || C_PROGRAM != null)
                        .toList(),
                Contest::server);
    }

    /** A contest of servers that are started in another way. */
    Contest(String work, List<String> servers, Starter starter) {
        boolean special = work.startsWith("same-cpu:") || work.startsWith("unpinned:");
        this.work = special ? work.substring(work.indexOf(':') + 1) : work;
        cpusOfLoad = cpusOfLoad(work);
        cpusOfServer = cpusOfLoad.equals("0,1") ? cpusOfLoad : "0";
        this.servers = servers;
        this.starter = starter;
    }

    String yardstick() {
        return servers.get(0);
    }

    void run(int rounds) throws IOException {
        int share = work.contains("bulk") ? BULK_SHARE : 1;
        List<MeasuredProcess> peers = new ArrayList<>();
        try (MeasuredProcess load = new MeasuredProcess(cpusOfLoad, MeasuredProcess.java("Load"))) {
            for (String server : servers) {
                peers.add(starter.start(server, cpusOfServer));
            }
            for (MeasuredProcess peer : peers) {
                warmUp(load, peer);
            }
            for (int round = 0; round < rounds * share; round++) {
                for (int i = 0; i < peers.size(); i++) {
                    turns.computeIfAbsent(servers.get(i), name -> new ArrayList<>())
                            .add(turn(load, peers.get(i), TURN_MILLIS / share));
                }
            }
        } finally {
            for (MeasuredProcess peer : peers) {
                peer.close();
            }
        }
    }

    /** The processors that the load of this work has; a server that the measured ones need shares them. */
    static String cpusOfLoad(String work) {
        return work.startsWith("same-cpu:") ? "0" : work.startsWith("unpinned:") ? "0,1" : "1";
    }

    /** The yardstick's own figures, in words. */
    String yardstickFigures() {
        List<Figures> own = turns.get(yardstick());
        return String.format(
                "%s: %,.0f operations/s, %,.3f us of CPU each",
                yardstick(), median(own, Figures::rate), median(own, Figures::cpu) / 1_000);
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

    /** Until the server has had processor time enough to compile what is hot: other processes may take a share. */
    private void warmUp(MeasuredProcess load, MeasuredProcess server) throws IOException {
        double before = server.cpuNanos();
        for (int i = 0; i < MOST_WARM_UPS && server.cpuNanos() - before < WARM_UP_MILLIS * 1e6; i++) {
            turn(load, server, WARM_UP_MILLIS);
        }
    }

    private Figures turn(MeasuredProcess load, MeasuredProcess server, int millis) throws IOException {
        load.tell(server.port() + " " + work + " " + millis);
        load.answer(); // START
        double before = server.cpuNanos();
        String[] end = load.answer().split(" ", 3);
        double nanos = server.cpuNanos() - before;
        load.tell("");
        double operations = Double.parseDouble(end[1]);
        return new Figures(operations / Double.parseDouble(end[2]) * 1e9, nanos / operations);
    }

    /** Bytes that each open connection adds to a server. */
    record IdleBytes(double heap, double outside) {}

    /** Measures what open connections add, after the server has served others and its code is compiled. */
    static IdleBytes idleBytes(String kind, int connections) throws IOException {
        try (MeasuredProcess server = MeasuredProcess.server("0", MeasuredProcess.javaWithWholeHeap("Servers", kind));
                MeasuredProcess load = new MeasuredProcess("1", MeasuredProcess.java("Load"))) {
            for (int i = 0; i < IDLE_WARM_UPS; i++) {
                load.tell(server.port() + " idle:" + connections / 10 + " 1");
                load.answer();
                load.tell("");
                load.answer();
            }
            memory(server); // loads the classes that this needs
            long[] before = memory(server);
            load.tell(server.port() + " idle:" + connections + " 1");
            load.answer();
            long[] after = memory(server);
            return new IdleBytes(
                    (double) (after[0] - before[0]) / connections, (double) (after[1] - before[1]) / connections);
        }
    }

    /** The heap, and the whole process. */
    private static long[] memory(MeasuredProcess server) throws IOException {
        server.tell("g");
        return Stream.of(server.answer().split(" ")).mapToLong(Long::parseLong).toArray();
    }

    /** With nothing on the class path but what a user of that kind has there: each jar makes the JVM's first steps longer. */
    static double firstUseMillis(String kind, List<String> jars) throws IOException {
        List<String> classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> jars.stream().anyMatch(entry::contains))
                .toList();
        List<String> command = MeasuredProcess.java("FirstUse", kind);
        command.set(command.indexOf("-cp") + 1, String.join(File.pathSeparator, classPath));
        try (MeasuredProcess user = new MeasuredProcess("0,1", command)) {
            return Double.parseDouble(user.answer()) / 1000;
        }
    }

    static double median(List<Double> figures) {
        List<Double> sorted = figures.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    private static MeasuredProcess server(String kind, String cpus) throws IOException {
        return MeasuredProcess.server(
                cpus, kind.equals(C) ? List.of(String.valueOf(C_PROGRAM)) : MeasuredProcess.java("Servers", kind));
    }

    /** Starts the server that is the yardstick of echoes: the C server where there is a C compiler. */
    static MeasuredProcess fastestEcho(String cpus) throws IOException {
        return server(C_PROGRAM == null ? "bare-selector" : C, cpus);
    }

    /** The C server as a program, or null where there is no compiler. */
    private static Path compiled() {
        Path program = Path.of("target", "epoll_echo").toAbsolutePath();
        String source = Path.of("src", "main", "c", "epoll_echo.c").toString();
        return MeasuredProcess.works("cc", "-O2", "-o", program.toString(), source) ? program : null;
    }
}
