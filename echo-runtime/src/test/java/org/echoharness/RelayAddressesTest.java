package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.assertReset;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An upstream whose name has two addresses, of which one or both are dead. The relay runs in a JVM with names of its own. */
@Timeout(120)
@EnabledOnOs(OS.LINUX) // elsewhere 127.0.0.2 is no address
class RelayAddressesTest {

    private static final String FIRST = "127.0.0.1";
    private static final String SECOND = "127.0.0.2";

    @TempDir
    private Path folder;

    private int port;

    /** A relay that prints how its first connection was recorded. */
    public static final class Relay {

        private Relay() {}

        public static void main(String[] args) throws Exception {
            try (EchoServer relay = EchoServer.builder()
                    .upstream(args[0])
                    .connectTimeout(Duration.parse(args[1]))
                    .recording()
                    .warnings(line -> System.out.println("warning: " + line))
                    .start()) {
                System.out.println("port " + relay.port());
                relay.recording().awaitConnections(1, Duration.ofSeconds(60));
                RecordedConnection client = relay.recording().connection(1).awaitEnd(Duration.ofSeconds(60));
                System.out.println("client: " + client.ending().orElseThrow());
                client.upstream().ifPresent(leg -> {
                    System.out.println("upstream: " + HostAndPort.of(leg.remote()));
                    System.out.println("events: "
                            + leg.events().stream()
                                    .map(event -> event.kind() + (event.detail().isEmpty() ? "" : " " + event.detail()))
                                    .toList());
                });
            }
        }
    }

    /** Something at one of the two addresses. */
    private interface Place extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    @BeforeEach
    void findPortFreeAtBoth() throws IOException {
        for (int i = 0; i < 20; i++) {
            try (ServerSocket first =
                            new ServerSocket(0, 1, PlainSockets.at(FIRST, 0).getAddress());
                    ServerSocket second = new ServerSocket(
                            first.getLocalPort(), 1, PlainSockets.at(SECOND, 0).getAddress())) {
                port = second.getLocalPort();
                return;
            } catch (BindException busy) {
                // the next one then
            }
        }
        throw new AssertionError("no port is free at both addresses");
    }

    /** A bound socket that does not listen refuses connects, and keeps others from the port. */
    private Place dead(String how, String host) throws IOException {
        if (how.equals("Connection refused")) {
            Socket refusing = new Socket();
            refusing.bind(PlainSockets.at(host, port));
            return refusing::close;
        }
        EchoServer silent =
                EchoServer.builder().addresses(host + ":" + port).backlog(1).start();
        silent.unanswered();
        return silent::close;
    }

    private ForkedProcess relay(String timeout) throws IOException {
        Path hosts = Files.writeString(folder.resolve("hosts"), FIRST + " db.test\n" + SECOND + " db.test\n");
        return new ForkedProcess(
                EchoProcess.program(List.of("-Djdk.net.hosts.file=" + hosts), Relay.class, "db.test:" + port, timeout));
    }

    private static InetSocketAddress address(ForkedProcess relay) throws Exception {
        return PlainSockets.loopback(
                Integer.parseInt(relay.lines().await("port \\d+").substring(5)));
    }

    @ParameterizedTest
    @CsvSource({
        "Connection refused, 127.0.0.1, 127.0.0.2",
        "no answer,          127.0.0.1, 127.0.0.2",
        "Connection refused, 127.0.0.2, 127.0.0.1",
        "no answer,          127.0.0.2, 127.0.0.1"
    })
    void connectsThroughAddressThatIsAlive(String how, String deadHost, String host) throws Exception {
        try (Place dead = dead(how, deadHost);
                ServerSocket behind =
                        new ServerSocket(port, 1, PlainSockets.at(host, 0).getAddress());
                ForkedProcess relay = relay("PT2S")) {
            assertThat(dead).isNotNull();
            behind.setSoTimeout(60_000);
            try (Socket client = PlainSockets.connect(address(relay));
                    Socket server = behind.accept()) {
                server.setSoTimeout(60_000);
                send(client, "hello");
                receives(server, "hello");
                server.shutdownOutput();
                assertEnd(client);
            }
            String tried = deadHost.equals(FIRST) ? ", NOTE tried " + deadHost + ":" + port + " (" + how + ")" : "";
            assertThat(relay.lines().await("client: .*")).startsWith("client: SERVER ");
            assertThat(relay.lines().await("upstream: .*")).isEqualTo("upstream: " + host + ":" + port);
            assertThat(relay.lines().await("events: .*")).startsWith("events: [CONNECTED" + tried + ", SENT");
            assertThat(relay.lines().matching("warning: .*")).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Connection refused, Connection refused",
        "no answer, Connection refused",
        "Connection refused, no answer",
        "no answer, no answer"
    })
    void deadAddressesResetClient(String first, String second) throws Exception {
        try (Place one = dead(first, FIRST);
                Place two = dead(second, SECOND);
                ForkedProcess relay = relay("PT0.6S");
                Socket client = PlainSockets.connect(address(relay))) {
            assertThat(List.of(one, two)).hasSize(2);
            assertReset(client);
            // on a busy machine, the time may also be up when the last address refuses
            String within = second.equals("no answer") ? " within 600ms" : "( within 600ms)?";
            String why = Pattern.quote("cannot connect to upstream db.test:" + port)
                    + within
                    + Pattern.quote("; tried " + FIRST + ":" + port + " (" + first + "), " + SECOND + ":" + port + " ("
                            + second + "); is a server listening there?");
            assertThat(relay.lines().await("client: .*")).matches("client: SERVER RST \\(" + why + "\\)");
            assertThat(relay.lines().await("warning: .*"))
                    .matches("warning: connection 1: " + why
                            + " \\(further failures are not reported until a connect succeeds\\)");
            assertThat(relay.awaitExit()).isZero();
            assertThat(relay.lines().matching("upstream: .*")).isEmpty();
        }
    }
}
