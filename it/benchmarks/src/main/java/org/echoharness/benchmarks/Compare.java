package org.echoharness.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs each kind of work against each server and prints one table: the figure of this project, what is to be reached, and
 * each peer's figure with ours divided by it. The yardstick is the C server where there is a C compiler, else the bare
 * selector loop. A second table has the servers that answer a line with another; its yardstick is our echo. A third one has
 * the relays; its yardstick is HAProxy, and each of them stands before the same echo server. The last one has TLS. Linux only: see {@link Contest}.
 *
 * <p>Arguments: {@code [ROUNDS [WORK...]]}; without a work all of them, about twenty minutes.
 */
final class Compare {

    private static final String OURS = "echo";
    private static final List<String> PEERS = List.of(
            "bare-selector",
            "netty-nio",
            "netty-epoll",
            "threads",
            "mock-web-server",
            "echo-loops-2",
            "echo-recording");
    private static final String CONVERSATION = "echo-conversation";
    private static final String SCRIPT = "script";
    private static final int FIRST_USES = 11;
    private static final String OWN_CLASSES = "benchmarks" + File.separator + "target";

    /** Each kind of first use, with what of the class path it needs. */
    private static final Map<String, List<String>> FIRST_USERS = Map.of(
            "bare",
            List.of(OWN_CLASSES),
            OURS,
            List.of(OWN_CLASSES, "echo-runtime"),
            SCRIPT,
            List.of(OWN_CLASSES, "echo-runtime"),
            "bare-selector",
            List.of(OWN_CLASSES),
            "netty-nio",
            List.of(OWN_CLASSES, "netty"),
            "mock-web-server",
            List.of(OWN_CLASSES, "mockwebserver", "okhttp", "okio", "kotlin"));

    private final int rounds;
    private final Predicate<String> chosen;
    private final Table table = new Table(OURS, PEERS);
    private final Table scripts = new Table(SCRIPT, LineServers.PEERS);
    private final Table tls = new Table(TlsServers.OURS, TlsServers.PEERS);
    private final Table relays = new Table(JavaRelays.OURS, Relays.PEERS);

    private Compare(int rounds, Predicate<String> chosen) {
        this.rounds = rounds;
        this.chosen = chosen;
    }

    public static void main(String[] args) throws Exception {
        Locale.setDefault(Locale.ROOT);
        List<String> works = Arrays.asList(args).subList(Math.min(1, args.length), args.length);
        Compare compare = new Compare(
                args.length > 0 ? Integer.parseInt(args[0]) : 7, works.isEmpty() ? w -> true : works::contains);
        compare.run();
        compare.table.print(System.out);
        compare.scripts.print(System.out);
        compare.relays.print(System.out);
        compare.tls.print(System.out);
    }

    private void run() throws Exception {
        contest("same-cpu:ping:1:64", "1 connection, 64 B, all on one CPU", 0.92, 1.12);
        contest("ping:1:64", "1 connection, 64 B, a CPU each", 0, 0);
        contest("ping:100:64", "100 connections, 64 B", 0.95, 1.10);
        contest("ping:100:4096", "100 connections, 4 KiB", 0, 1.05);
        contest("bulk:8", "bulk, 8 connections", 0, 1.08);
        contest("connect", "connect, 42-byte echo, close", 0, 1.2);
        if (chosen.test("loops")) {
            contest(new Contest("unpinned:ping:100:64", List.of(OURS, "echo-loops-2")), "2 CPUs, 100 × 64 B", 0, 0);
            contest(new Contest("unpinned:bulk:8", List.of(OURS, "echo-loops-2")), "2 CPUs, bulk", 0, 0);
        }
        if (chosen.test("recording")) {
            contest(new Contest("ping:100:64", List.of(OURS, "echo-recording")), "recording, 100 × 64 B", 0, 0);
            contest(new Contest("same-cpu:ping:1:64", List.of(OURS, "echo-recording")), "recording, 1 × 64 B", 0, 0);
        }
        if (chosen.test("scripts")) {
            scripts("same-cpu:ping:1:64", "1 connection, 64 B, all on one CPU");
            scripts("ping:100:64", "100 connections, 64 B");
        }
        relays("same-cpu:ping:1:64", "1 connection, 64 B, all on one CPU", 1.10);
        relays("ping:1:64", "1 connection, 64 B", 1.10);
        relays("ping:100:64", "100 connections, 64 B", 1.0);
        relays("bulk:8", "bulk, 8 connections", 0.9);
        relays("connect", "connect, 42-byte echo, close", 1.2);
        tls("same-cpu:tls-ping:1:64", "1 connection, 64 B, all on one CPU");
        tls("tls-ping:100:64", "100 connections, 64 B");
        tls("tls-bulk:8", "bulk, 8 connections");
        tls("tls-connect", "full handshake, 42-byte echo, close");
        if (chosen.test("idle")) {
            idle();
        }
        if (chosen.test("test")) {
            testCost();
        }
        if (chosen.test("allocation")) {
            allocation();
        }
        if (chosen.test("first-use")) {
            firstUse();
        }
        if (chosen.test("jars")) {
            table.add("jars, KB", jars(), "%.1f", "<= 120");
        }
    }

    private void contest(String work, String name, double rate, double cpu) throws Exception {
        if (chosen.test(work)) {
            contest(new Contest(work, Contest.ALL), name, rate, cpu);
        }
    }

    private void contest(Contest contest, String name, double rate, double cpu) throws Exception {
        System.out.println(name + " ...");
        contest.run(rounds);
        add(table, contest, name, rate, cpu);
    }

    /** The servers get the same load, which are lines. An echo sends each of them back; the others answer with another line. */
    private void scripts(String work, String name) throws IOException {
        System.out.println("lines, " + name + " ...");
        List<String> servers = new ArrayList<>(List.of(OURS, SCRIPT));
        servers.addAll(LineServers.PEERS);
        Contest contest = new Contest(work, servers);
        contest.run(rounds);
        add(scripts, contest, name, 0.8, 0);
    }

    /** The relay has a processor of its own, unless the work says otherwise; the load and the echo server share the other. */
    private void relays(String work, String name, double cpu) throws IOException {
        if (!chosen.test("relays") && !chosen.test("relays:" + work)) {
            return;
        }
        System.out.println("relays, " + name + " ...");
        try (Relays relays = new Relays(Contest.cpusOfLoad(work))) {
            Contest contest = new Contest(work, relays.present(), relays::start);
            contest.run(rounds);
            System.out.println(contest.yardstickFigures());
            add(this.relays, contest, name, 0, cpu);
        }
    }

    /** The yardstick is Netty with the JDK's engine. */
    private void tls(String work, String name) throws IOException {
        if (!chosen.test("tls") && !chosen.test("tls:" + work)) {
            return;
        }
        System.out.println("TLS 1.3, " + name + " ...");
        Contest contest = new Contest(work, TlsServers.ALL);
        contest.run(rounds);
        System.out.println(contest.yardstickFigures());
        add(tls, contest, name, 1.0, 1.0);
    }

    private static void add(Table table, Contest contest, String name, double rate, double cpu) {
        String to = " / " + contest.yardstick();
        table.add(name + ": rate" + to, contest.rates(), "%.2f", rate == 0 ? "" : ">= " + rate);
        table.add(name + ": server CPU an operation" + to, contest.cpu(), "%.2f", cpu == 0 ? "" : "<= " + cpu);
    }

    private void idle() throws IOException {
        System.out.println("idle connections ...");
        Map<String, Double> heap = new TreeMap<>();
        Map<String, Double> outside = new TreeMap<>();
        for (String server : List.of(OURS, CONVERSATION, "bare-selector", "netty-nio", "netty-epoll", "threads")) {
            List<Contest.IdleBytes> bytes = new ArrayList<>();
            for (int i = 0; i < rounds; i++) {
                bytes.add(Contest.idleBytes(server, server.equals("threads") ? 1_000 : 10_000));
            }
            heap.put(server, median(bytes, Contest.IdleBytes::heap));
            outside.put(server, median(bytes, Contest.IdleBytes::outside));
        }
        idle("of heap after a GC", heap, "<= 1,000 with those outside");
        idle("in memory outside the heap", outside, "");
    }

    private static double median(List<Contest.IdleBytes> bytes, ToDoubleFunction<Contest.IdleBytes> which) {
        return Contest.median(
                bytes.stream().map(each -> which.applyAsDouble(each)).toList());
    }

    private void idle(String what, Map<String, Double> bytes, String toReach) {
        String name = "10,000 idle connections (threads: 1,000): bytes each " + what;
        table.add(name, bytes, "%,.0f", toReach);
        table.add(name + ", with a conversation", Map.of(OURS, bytes.get(CONVERSATION)), "%,.0f", toReach);
    }

    private void testCost() throws RunnerException {
        Map<String, Double> micros = results(jmh(TestCost.class));
        double bare = micros.remove("bareServerSocket");
        micros.replaceAll((name, each) -> each / bare);
        String name = String.format("a test's start, connect, echo, close, stop / bare ServerSocket (%.0f us)", bare);
        scripts.add(name, Map.of(SCRIPT, micros.remove(SCRIPT)), "%.2f", "");
        table.add(name, micros, "%.2f", "<= 1.3");
    }

    private void allocation() throws RunnerException {
        String name = "bytes allocated a message, client's thread included";
        double echo = 0;
        for (RunResult result :
                new Runner(jmh(MessageCost.class).addProfiler(GCProfiler.class).build()).run()) {
            String server = result.getParams().getParam("server");
            double bytes =
                    result.getSecondaryResults().get("gc.alloc.rate.norm").getScore();
            String row = name + ": " + server + ", " + result.getParams().getParam("size") + " B";
            switch (server) {
                case OURS -> echo = Math.max(echo, bytes);
                case JavaRelays.OURS -> relays.add(row, Map.of(server, bytes), "%.3f", "0");
                default -> scripts.add(row, Map.of(SCRIPT, bytes), "%.3f", server.startsWith(SCRIPT) ? "0" : "");
            }
        }
        table.add(name, Map.of(OURS, echo), "%.3f", "0");
    }

    private static ChainedOptionsBuilder jmh(Class<?> benchmark) {
        return new OptionsBuilder().include(benchmark.getName() + ".*").forks(1);
    }

    private static Map<String, Double> results(ChainedOptionsBuilder options) throws RunnerException {
        return new TreeMap<>(new Runner(options.build())
                .run().stream()
                        .collect(Collectors.toMap(
                                result -> TestCost.NAMES.getOrDefault(
                                        result.getPrimaryResult().getLabel(),
                                        result.getPrimaryResult().getLabel()),
                                result -> result.getPrimaryResult().getScore())));
    }

    private void firstUse() throws IOException {
        System.out.println("first use ...");
        Map<String, List<Double>> millis = new TreeMap<>();
        for (int i = 0; i < FIRST_USES; i++) {
            for (Map.Entry<String, List<String>> user : FIRST_USERS.entrySet()) {
                millis.computeIfAbsent(user.getKey(), k -> new ArrayList<>())
                        .add(Contest.firstUseMillis(user.getKey(), user.getValue()));
            }
        }
        Map<String, Double> medians = new TreeMap<>();
        millis.forEach((kind, each) -> medians.put(kind, Contest.median(each)));
        String name =
                String.format("the same, first use in a new JVM, ms (bare ServerSocket: %.1f)", medians.remove("bare"));
        scripts.add(name, Map.of(SCRIPT, medians.remove(SCRIPT)), "%.1f", "");
        table.add(name, medians, "%.1f", "<= 25");
    }

    private static Map<String, Double> jars() {
        Map<String, Double> kilobytes = new TreeMap<>();
        kilobytes.put(OURS, jars("echo-runtime"));
        kilobytes.put("netty-nio", jars("netty") - jars("netty-transport-native") - jars("netty-transport-classes"));
        kilobytes.put("netty-epoll", jars("netty"));
        kilobytes.put("mock-web-server", jars("mockwebserver") + jars("okhttp") + jars("okio") + jars("kotlin"));
        return kilobytes;
    }

    private static double jars(String prefix) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .map(Path::of)
                        .filter(jar -> String.valueOf(jar.getFileName()).startsWith(prefix))
                        .mapToLong(Compare::size)
                        .sum()
                / 1000.0;
    }

    private static long size(Path jar) {
        try {
            return Files.size(jar);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
