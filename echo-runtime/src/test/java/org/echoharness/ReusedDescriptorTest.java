package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Connections that end and begin while the event loops are held, so that a loop finds both at once and the kernel gives
 * the number of a socket just closed to the next. Each client says its own name, again and again.
 */
class ReusedDescriptorTest {

    private static final long SEED = 31;
    private static final int OPEN = 12;
    private static final int ROUNDS = 60;

    private static final Pattern LINE = Pattern.compile(
            "(connection from|received (\\d+) bytes? \"(.*)\" from|sending (\\d+) bytes? back to|no data from|lost)"
                    + " (127\\.0\\.0\\.1:\\d+)(: .*)?");

    private final Random random = new Random(SEED);
    private final AwaitedLines lines = new AwaitedLines();
    private final AwaitedLines warnings = new AwaitedLines();
    private final Semaphore held = new Semaphore(0);
    private final Semaphore letGo = new Semaphore(0);
    private final List<Client> all = new ArrayList<>();
    private List<Client> open = new ArrayList<>();

    /** A connection as its client knows it. */
    private static final class Client {
        final String name;
        final Socket socket;
        final int port; // a closed socket has none
        final StringBuilder said = new StringBuilder();
        int heard;
        boolean wasReset;

        Client(int number, InetSocketAddress server) throws IOException {
            name = "<" + number + ">";
            socket = PlainSockets.connect(server);
            port = socket.getLocalPort();
        }

        void say(int times) throws IOException {
            String text = name.repeat(times);
            said.append(text);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        }

        void hear() throws IOException {
            String expected = said.substring(heard);
            byte[] back = socket.getInputStream().readNBytes(expected.length());
            assertThat(new String(back, StandardCharsets.US_ASCII))
                    .as("what %s hears, seed %d", name, SEED)
                    .isEqualTo(expected);
            heard = said.length();
        }

        void hearTheEnd() throws IOException {
            hear();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            socket.close();
        }
    }

    /** A connection as the server reports it. */
    private static final class ReportedConnection {
        final StringBuilder received = new StringBuilder();
        int sent;
        int ends;
        int losses;

        boolean isOver() {
            return losses > 0 || (ends > 0 && sent == received.length());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void reusedDescriptorNeverMixesConnections(int eventLoops) throws Exception {
        try (EchoServer server = EchoServer.builder()
                .eventLoops(eventLoops)
                .bufferSize(64)
                .warnings(warnings)
                .conversation(this::report)
                .start()) {
            List<Socket> holders = new ArrayList<>();
            for (int i = 0; i < eventLoops; i++) { // one on each loop, in turn
                holders.add(PlainSockets.connect(server.address()));
                PlainSockets.echoes(holders.get(i), "mine");
            }
            for (int i = 0; i < OPEN; i++) {
                begin(server.address(), open);
            }
            hearAll(open);
            long files = FileDescriptors.open();
            for (int round = 0; round < ROUNDS; round++) {
                hold(holders);
                List<Client> finishing = endSomeAndBeginOthers(server.address());
                letGo.release(holders.size());
                for (Socket holder : holders) {
                    assertThat(holder.getInputStream().readNBytes(4)).asString().isEqualTo("hold");
                }
                for (Client client : finishing) {
                    client.hearTheEnd();
                }
                hearAll(open);
            }
            assertThat(all).hasSizeGreaterThan(300);
            assertThat(FileDescriptors.open())
                    .as("files open with %d connections: their numbers are reused", all.size())
                    .isLessThan(files + 50);
            for (Client client : open) {
                client.socket.shutdownOutput();
                client.hearTheEnd();
            }
            lines.await("(no data from|lost) .*", all.size());
            for (Socket holder : holders) {
                holder.close();
            }
            long resets = all.stream().filter(client -> client.wasReset).count();
            assertThat(server.counters())
                    .isEqualTo(new ConnectionCounters(
                            all.size() + eventLoops,
                            0,
                            0,
                            resets,
                            0,
                            server.counters().peak()));
        }
        assertThat(warnings.seen()).isEmpty();
        compare();
    }

    private void report(String line) {
        lines.accept(line);
        if (line.contains("\"hold\"")) {
            held.release();
            await(letGo, 1);
        }
    }

    private static void await(Semaphore semaphore, int permits) {
        try {
            assertThat(semaphore.tryAcquire(permits, 30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void hold(List<Socket> holders) throws IOException {
        for (Socket holder : holders) {
            holder.getOutputStream().write("hold".getBytes(StandardCharsets.US_ASCII));
        }
        await(held, holders.size());
    }

    private void begin(InetSocketAddress server, List<Client> to) throws IOException {
        Client client = new Client(all.size(), server);
        all.add(client);
        to.add(client);
        client.say(1 + random.nextInt(30));
    }

    private static void hearAll(List<Client> clients) throws IOException {
        for (Client client : clients) {
            client.hear();
        }
    }

    /** Returns the clients that have half-closed and not yet read the end of the stream. */
    private List<Client> endSomeAndBeginOthers(InetSocketAddress server) throws IOException {
        List<Client> finishing = new ArrayList<>();
        List<Client> after = new ArrayList<>();
        for (Client client : open) {
            switch (random.nextInt(4)) {
                case 0 -> { // with bytes on their way, which the server cannot send back any more
                    client.say(1 + random.nextInt(30));
                    client.wasReset = true;
                    PlainSockets.reset(client.socket);
                }
                case 1 -> {
                    client.say(1 + random.nextInt(30));
                    client.socket.shutdownOutput();
                    finishing.add(client);
                }
                case 2 -> client.socket.close();
                default -> {
                    client.say(1 + random.nextInt(30));
                    after.add(client);
                    continue;
                }
            }
            begin(server, after);
        }
        open = after;
        return finishing;
    }

    /** Compares each client with what the server reported about it. */
    private void compare() {
        Map<String, List<ReportedConnection>> reported = reported();
        Map<String, Integer> used = new HashMap<>();
        for (Client client : all) {
            // a port may come twice too, and its connections then come in this order
            String peer = "127.0.0.1:" + client.port;
            ReportedConnection of = reported.get(peer).get(used.merge(peer, 1, Integer::sum) - 1);
            String about = client.name + " at " + peer + ", seed " + SEED;
            if (client.wasReset) {
                assertThat(client.said.toString()).as(about).startsWith(of.received.toString());
            } else {
                assertThat(of.received.toString()).as(about).isEqualTo(client.said.toString());
                assertThat(of.sent).as(about).isEqualTo(client.said.length());
            }
            assertThat(of.losses).as("losses of " + about).isEqualTo(client.wasReset ? 1 : 0);
            assertThat(of.ends).as("ends of " + about).isEqualTo(client.wasReset ? 0 : 1);
        }
    }

    private Map<String, List<ReportedConnection>> reported() {
        Map<String, List<ReportedConnection>> reported = new HashMap<>();
        for (String line : lines.seen()) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                List<ReportedConnection> ofThePort =
                        reported.computeIfAbsent(matcher.group(5), peer -> new ArrayList<>());
                if (line.startsWith("connection")) {
                    assertThat(ofThePort).as(line).allMatch(ReportedConnection::isOver);
                    ofThePort.add(new ReportedConnection());
                } else {
                    assertThat(ofThePort).as(line).isNotEmpty();
                    add(line, matcher, ofThePort.get(ofThePort.size() - 1));
                }
            }
        }
        return reported;
    }

    private static void add(String line, Matcher matcher, ReportedConnection to) {
        assertThat(to.losses).as("losses before: %s", line).isZero();
        if (line.startsWith("received")) {
            assertThat(to.ends).as("ends before: %s", line).isZero();
            to.received.append(matcher.group(3));
        } else if (line.startsWith("sending")) {
            to.sent += Integer.parseInt(matcher.group(4));
        } else if (line.startsWith("no data")) {
            to.ends++;
        } else {
            to.losses++;
        }
    }
}
