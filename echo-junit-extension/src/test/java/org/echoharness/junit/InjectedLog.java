package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.ServerAddress;

/** Records and checks what was injected into fixtures, in order. Fixtures report it from any thread. */
final class InjectedLog {

    private static final Queue<Object> ALL = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger MOST_RUNNING = new AtomicInteger();

    private InjectedLog() {}

    static void reset() {
        ALL.clear();
        MOST_RUNNING.set(0);
    }

    /** A running server. */
    static void server(EchoServer server) {
        assertThat(server.isRunning()).isTrue();
        ALL.add(server);
        int running = (int) servers().stream().filter(EchoServer::isRunning).count();
        MOST_RUNNING.accumulateAndGet(running, Math::max);
    }

    /** A connected client. */
    static void client(EchoClient client) throws IOException {
        client.expectEcho("hello".getBytes(UTF_8));
        ALL.add(client);
    }

    /** A client of this server. */
    static void client(EchoClient client, EchoServer server) throws IOException {
        client(client);
        assertThat(client.remoteAddress()).isEqualTo(server.address());
    }

    /** Each once, in the order in which they were first seen. */
    static List<EchoServer> servers() {
        return ALL.stream()
                .filter(EchoServer.class::isInstance)
                .map(EchoServer.class::cast)
                .distinct()
                .toList();
    }

    /** Each once, in the order in which they were first seen. */
    static List<EchoClient> clients() {
        return ALL.stream()
                .filter(EchoClient.class::isInstance)
                .map(EchoClient.class::cast)
                .distinct()
                .toList();
    }

    static int times() {
        return ALL.size();
    }

    static int mostRunningAtOnce() {
        return MOST_RUNNING.get();
    }

    static void assertAllClosed() throws IOException {
        for (EchoServer server : servers()) {
            assertThat(server.isRunning()).isFalse();
            assertThat(isServed(server.socketAddress()))
                    .as("connects to " + server)
                    .isFalse();
        }
        for (EchoClient client : clients()) {
            assertClosed(client);
        }
    }

    /** Whether this process listens there: another one may have taken the port since. */
    private static boolean isServed(SocketAddress address) throws IOException {
        try {
            EchoClient.connect(address).close();
            String listening = ServerAddress.of(address).toString();
            return threads().anyMatch(name -> name.matches(".*\\Q" + listening + "\\E\\b.*"));
        } catch (ConnectException refused) {
            return false;
        }
    }

    /** The names of the threads on which servers run. */
    static Stream<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("echo-server "));
    }

    static void assertClosed(EchoClient client) {
        assertThatThrownBy(() -> client.send(new byte[1]))
                .isInstanceOf(IOException.class)
                .hasRootCauseInstanceOf(ClosedChannelException.class);
    }
}
