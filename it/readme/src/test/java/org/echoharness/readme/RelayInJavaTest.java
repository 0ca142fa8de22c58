package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.echoharness.RecordedConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What RELAY shows. A server with a script stands for the database. */
@Timeout(60)
class RelayInJavaTest {

    /** Has the methods of a container of Testcontainers. */
    private record Container(EchoServer server) {
        String getHost() {
            return "localhost";
        }

        int getMappedPort(int port) {
            assertThat(port).isEqualTo(5432);
            return server.port();
        }
    }

    private EchoServer database;

    @BeforeEach
    void startDatabase() throws Exception {
        database = EchoServer.builder()
                .script("answer { line 'SELECT *' -> send '1 row\n', line '*' -> send 'ERROR\n' }")
                .warnings(line -> {})
                .start();
    }

    @AfterEach
    void closeDatabase() {
        database.close();
    }

    private static void query(EchoClient client, String text, String answer) throws Exception {
        client.send(text.getBytes(UTF_8));
        assertThat(client.receive(answer.length())).asString().isEqualTo(answer);
    }

    private static EchoClient connect(EchoServer relay) throws Exception {
        return EchoClient.connect(relay.address());
    }

    @Test
    void relays() throws Exception {
        String address = "localhost:" + database.port();
        try (EchoServer relay =
                EchoServer.builder().upstream(address).recording().start()) {
            try (EchoClient client = connect(relay)) { // in place of your driver
                query(client, "SELECT 1\n", "1 row\n");
            }
        }
    }

    @Test
    void asksSupplierAtEachAccept() throws Exception {
        Container container = new Container(database);
        try (EchoServer relay = EchoServer.builder()
                .upstream(() -> container.getHost() + ":" + container.getMappedPort(5432))
                .start()) {
            try (EchoClient client = connect(relay)) {
                query(client, "SELECT 1\n", "1 row\n");
            }
        }
    }

    @Test
    void faultsActInBothDirections() throws Exception {
        try (EchoServer relay =
                EchoServer.builder().upstream("127.0.0.1:" + database.port()).start()) {
            relay.setFaults(FaultPlan.of(
                    Fault.corrupt(1, 1).toServer(), // the first byte that the client sends
                    Fault.close().after(3))); // after the third byte that the server sends
            try (EchoClient client = connect(relay)) {
                client.send("SELECT 1\n".getBytes(UTF_8));
                assertThat(client.receiveToEnd()).asString().isEqualTo("ERR");
            }
        }
    }

    @Test
    void databaseRestarts() throws Exception {
        try (EchoServer relay =
                EchoServer.builder().upstream("127.0.0.1:" + database.port()).start()) {
            EchoClient open = connect(relay);
            query(open, "SELECT 1\n", "1 row\n");
            relay.refuse(); // as while the database is down; the port stays the relay's
            relay.resetConnections(); // both legs of each
            assertThatThrownBy(() -> open.receive(1)).isInstanceOf(SocketException.class);
            assertThatThrownBy(() -> connect(relay)).isInstanceOf(ConnectException.class);
            relay.resume(); // on the same port
            try (EchoClient again = connect(relay)) {
                query(again, "SELECT 1\n", "1 row\n");
            }
            open.close();
        }
    }

    @Test
    void clientGetsFailureThatIsAskedFor() throws Exception {
        int down = database.port();
        database.close();
        try (EchoServer relay = EchoServer.builder()
                .upstream("127.0.0.1:" + down)
                .upstreamFailure(Fault.close()) // or Fault.stall(); the default is Fault.reset()
                .recording()
                .warnings(line -> {})
                .start()) {
            try (EchoClient client = connect(relay)) {
                client.expectEnd();
            }
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            assertThat(connection.ending().orElseThrow().why())
                    .startsWith("cannot connect to upstream 127.0.0.1:" + down);
        }
    }

    @Test
    void recordsBothLegs() throws Exception {
        try (EchoServer relay = EchoServer.builder()
                .upstream("127.0.0.1:" + database.port())
                .faults("corrupt byte 1 to server")
                .recording()
                .start()) {
            try (EchoClient client = connect(relay)) {
                query(client, "SELECT 1\n", "ERROR\n");
            }
            RecordedConnection connection = relay.recording().connection(1).awaitEnd();
            connection.assertReceived("SELECT 1\n".getBytes(UTF_8)); // from the client
            RecordedConnection upstream = connection.upstream().orElseThrow();
            upstream.assertReceived("ERROR\n".getBytes(UTF_8)); // from the server
            assertThat(upstream.bytesSent()).isEqualTo(9); // the first one corrupted
            upstream.assertEndedBy(Ending.Side.CLIENT, Ending.How.FIN);
        }
    }

    @Test
    void saysWhoHasResetAConnection() throws Exception {
        try (ServerSocket resetting = new ServerSocket(0)) {
            String address = "127.0.0.1:" + resetting.getLocalPort();
            try (EchoServer relay =
                            EchoServer.builder().upstream(address).recording().start();
                    EchoClient client = connect(relay)) {
                try (Socket accepted = resetting.accept()) {
                    accepted.setSoLinger(true, 0);
                }
                assertThatThrownBy(() -> client.receive(1)).isInstanceOf(SocketException.class);
                assertThat(relay.recording().connection(1).awaitEnd().ending().orElseThrow())
                        .hasToString("SERVER RST (upstream " + address + ": Connection reset)");
            }
        }
    }
}
