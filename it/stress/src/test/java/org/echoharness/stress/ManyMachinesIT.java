package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three servers on machines of their own behind HAProxy, which names the clients to them: to the first by the PROXY protocol in
 * version 1, to the others in version 2. On the second machine, a relay passes the header on to the server. The first byte that
 * a client gets is the number of its machine.
 */
class ManyMachinesIT {

    private static final int MACHINES = 3;
    private static final int KILLED = 3;
    private static final int AT_A_TIME = 32;
    private static final String PORT = "10000";
    private static final Pattern SERVED = Pattern.compile("client (\\S+) of (\\S+)"); // in the log of the balancer
    private static final String KILLED_SERVER = "three";
    private static final Pattern RECEIVED = Pattern.compile("received \\d+ bytes? .* from (198\\.18\\.\\S+)");

    private static final String CONFIGURATION = """
            global
              log stdout format raw local0
            defaults
              mode tcp
              log global
              log-format "client %ci:%cp of %s"
              timeout connect 5s
              timeout client 60s
              timeout server 60s
              retries 3
              option redispatch 1
            listen echo
              bind 198.18.0.2:10000
              balance roundrobin
              server one 198.18.1.2:10000 send-proxy check inter 200ms
              server two 198.18.2.2:10000 send-proxy-v2 check inter 200ms
              server three 198.18.3.2:10000 send-proxy-v2 check inter 200ms
            """;

    /** The clients: each connects, sends a message, reads its echo, and ends the connection. */
    private static final class Load {
        private final Payload payload;
        private final int connections;
        private final AtomicInteger begun = new AtomicInteger();
        private final AtomicInteger whole = new AtomicInteger();
        private final Map<Integer, Integer> machines = new ConcurrentHashMap<>(); // how many each has served
        private final Map<String, Integer> failures = new ConcurrentHashMap<>();
        private final ConcurrentSkipListSet<Integer> failed = new ConcurrentSkipListSet<>(); // their numbers
        private int firstThatMayFail; // was perhaps open when the server was killed
        private int firstThatMayNot; // began when its process had ended
        private final Map<String, Integer> clients = new ConcurrentHashMap<>(); // how often each address was used
        private final Set<String> lost = ConcurrentHashMap.newKeySet(); // the uses that failed

        Load(Payload payload, int connections) {
            this.payload = payload;
            this.connections = connections;
        }

        /** Talks to the balancer once. Returns whether each machine has served a client. */
        boolean hasMetAll() {
            int[] machine = {0};
            try {
                talk(0, machine);
            } catch (IOException notYet) {
                return false;
            }
            machines.putIfAbsent(machine[0], 0);
            return machines.size() == MACHINES;
        }

        /** Runs the clients, and kills the server when half of them have begun. */
        void run(ForkedProcess killed) throws Exception {
            lost.clear(); // clients that came before the balancer knew each machine
            List<FutureTask<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < AT_A_TIME; i++) {
                all.add(Background.inThread("clients " + i, () -> {
                    talk();
                    return true;
                }));
            }
            Waiting.await("half of the connections")
                    .atMost(Duration.ofMinutes(10))
                    .until(() -> begun.get() >= connections / 2);
            firstThatMayFail = begun.get() - AT_A_TIME;
            killed.handle().destroyForcibly();
            killed.awaitExit();
            firstThatMayNot = begun.get();
            for (FutureTask<Boolean> each : all) {
                assertThat(each.get(10, TimeUnit.MINUTES)).isTrue();
            }
        }

        /**
         * Only clients of the server that was killed may have failed, and only those that were connected or connecting then.
         *
         * @param served the last server of each client, by the balancer's log
         */
        void judge(Row row, Map<String, String> served) {
            row.figure("%d connections, %d at a time, by machine %s", connections, AT_A_TIME, new TreeMap<>(machines));
            row.figure(
                    "%d whole; of the %d that were open or began while the server was killed, %d lost %s (0: no greeting yet)",
                    whole.get(), firstThatMayNot - firstThatMayFail, failed.size(), failures);
            assertThat(whole.get() + failed.size()).isEqualTo(connections);
            assertThat(failures.keySet())
                    .allMatch(each ->
                            each.matches("machine (0|" + KILLED + "): (no greeting|cut|Connection reset|Broken pipe)"));
            assertThat(failed).allMatch(each -> each >= firstThatMayFail && each < firstThatMayNot);
            assertThat(lost)
                    .hasSameSizeAs(failed)
                    .allSatisfy(each -> assertThat(served).containsEntry(each, KILLED_SERVER));
        }

        private void talk() {
            for (int i = begun.getAndIncrement(); i < connections; i = begun.getAndIncrement()) {
                int[] machine = {0};
                try {
                    talk(i, machine);
                    whole.incrementAndGet();
                } catch (IOException failure) {
                    failed.add(i);
                    failures.merge("machine " + machine[0] + ": " + failure.getMessage(), 1, Integer::sum);
                }
                machines.merge(machine[0], 1, Integer::sum);
            }
        }

        private void talk(int number, int[] machine) throws IOException {
            int size = 1 + number % 2048;
            String own = Machines.CLIENTS.get(number % Machines.CLIENTS.size());
            try (Socket socket = new Socket()) {
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(30_000);
                socket.bind(new InetSocketAddress(own, 0));
                socket.connect(new InetSocketAddress(Machines.BALANCER, Integer.parseInt(PORT)), 30_000);
                String client = own + ":" + socket.getLocalPort();
                String use = client + " " + clients.merge(client, 1, Integer::sum);
                lost.add(use); // until it is whole
                byte[] message = new byte[size];
                payload.slice(number, number + size).get(message);
                socket.getOutputStream().write(message);
                int greeting = socket.getInputStream().read();
                if (greeting < 0) {
                    throw new IOException("no greeting");
                }
                machine[0] = greeting - '0';
                byte[] echo = socket.getInputStream().readNBytes(size);
                if (!Arrays.equals(echo, message)) {
                    throw new IOException(echo.length < size ? "cut" : "WRONG");
                }
                socket.shutdownOutput();
                if (socket.getInputStream().read() >= 0) {
                    throw new IOException("WRONG: a byte too many");
                }
                lost.remove(use);
            }
        }
    }

    @Stress(
            row = "many machines: 30,000 connections to three servers behind HAProxy, one killed",
            pass = "the others' clients notice nothing; recordings name the true clients")
    void clientsOfOtherServersNoticeNothing(Row row, @TempDir Path folder) throws Exception {
        assumeTrue(ForkedProcess.works(List.of("haproxy", "-v")), "there is no HAProxy here;");
        Load load = new Load(new Payload(row.seed()), row.scaled(30_000));
        List<ForkedProcess> processes = new ArrayList<>();
        Map<String, String> served;
        try (Machines machines = machines()) {
            try {
                for (int i = 1; i <= MACHINES; i++) {
                    String address = i == 2 ? PlainSockets.LOOPBACK : Machines.address(i);
                    processes.add(
                            machines.on(i, server(address, folder.resolve("" + i), "--faults", "greet '" + i + "'")));
                }
                processes.add(machines.on(
                        2,
                        server(
                                Machines.address(2),
                                folder.resolve("relay"),
                                "--upstream",
                                PlainSockets.LOOPBACK + ":" + PORT,
                                "--upstream-proxy-protocol",
                                "v1")));
                for (ForkedProcess each : processes) {
                    each.lines().await("starting up on .*");
                }
                Path configuration = Files.writeString(folder.resolve("haproxy.cfg"), CONFIGURATION);
                processes.add(machines.onBalancer(List.of("haproxy", "-db", "-f", configuration.toString())));
                Waiting.await("a client of each machine").until(load::hasMetAll);
                load.run(processes.get(KILLED - 1));
                served = served(processes.get(processes.size() - 1), load);
                for (ForkedProcess server : List.of(processes.get(0), processes.get(1), processes.get(MACHINES))) {
                    server.signal("TERM");
                    assertThat(server.awaitExit()).isEqualTo(143);
                }
            } finally {
                for (ForkedProcess each : processes) {
                    each.close();
                    each.awaitExit();
                }
            }
        }
        load.judge(row, served);
        row.figure(
                "recordings of %s, %s and %s true clients",
                named(folder, "1", load), named(folder, "2", load), named(folder, "relay", load));
    }

    /** Returns the last server of each use of a client's address, from the balancer's log. */
    private static Map<String, String> served(ForkedProcess balancer, Load load) throws InterruptedException {
        for (String use : load.lost) {
            int space = use.indexOf(' ');
            balancer.lines()
                    .await("client " + use.substring(0, space) + " of .*", Integer.parseInt(use.substring(space + 1)));
        }
        Map<String, String> served = new HashMap<>();
        Map<String, Integer> uses = new HashMap<>();
        for (String line : balancer.lines().matching(SERVED.pattern())) {
            Matcher found = SERVED.matcher(line);
            if (found.matches()) {
                served.put(found.group(1) + " " + uses.merge(found.group(1), 1, Integer::sum), found.group(2));
            }
        }
        return served;
    }

    private static Machines machines() {
        try {
            return new Machines(MACHINES);
        } catch (IOException refused) {
            return abort("there are no network namespaces here (" + refused.getMessage() + ");");
        }
    }

    private static List<String> server(String address, Path recordings, String... options) {
        List<String> arguments = new ArrayList<>(List.of("server", address + ":" + PORT));
        arguments.addAll(List.of("--proxy-protocol", "required", "--quiet", "--record", recordings.toString()));
        arguments.addAll(List.of(options));
        return EchoProcess.command(List.of("-Xmx128m"), arguments.toArray(String[]::new));
    }

    /** Returns how many clients the recording of a server has, which are all clients of the test. */
    private static int named(Path folder, String server, Load load) throws IOException {
        Set<String> clients = new TreeSet<>();
        try (Stream<Path> files = Files.walk(folder.resolve(server))) {
            Path transcript = files.filter(each -> each.endsWith("transcript.txt"))
                    .findFirst()
                    .orElseThrow();
            try (Stream<String> lines = Files.lines(transcript)) {
                lines.map(RECEIVED::matcher).filter(Matcher::find).forEach(found -> clients.add(found.group(1)));
            }
        }
        assertThat(clients).isNotEmpty().allMatch(load.clients::containsKey);
        return clients.size();
    }
}
