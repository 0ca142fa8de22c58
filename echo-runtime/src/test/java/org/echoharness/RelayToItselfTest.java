package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A relay before itself would accept its own connections, one after the other, until no file descriptor is left. */
@Timeout(60)
class RelayToItselfTest {

    private final AwaitedLines warnings = new AwaitedLines();

    private static int freePort() throws IOException {
        try (ServerSocket free = PlainSockets.listen(0)) {
            return free.getLocalPort();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 127.0.0.1",
        "127.0.0.1, localhost",
        "localhost, 127.0.0.1",
        "localhost, LocalHost",
        "*,         127.0.0.1",
        "0.0.0.0,   localhost",
        "127.0.0.1, 0.0.0.0"
    })
    void refusesToStart(String own, String upstream) throws Exception {
        int port = freePort();
        EchoServer relay = EchoServer.builder()
                .addresses(own + ":" + port)
                .upstream(upstream + ":" + port)
                .warnings(warnings)
                .build();
        assertThatThrownBy(relay::start)
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("upstream (" + upstream + ":" + port + ") must be the address of another server, since this"
                        + " one listens there itself; name the real server, or give this one another address");
        PlainSockets.listen(port).close(); // it has left the port
    }

    @Test
    void refusesItsOwnFile(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("own.sock");
        EchoServer relay = EchoServer.builder()
                .addresses("unix:" + file)
                .upstream("unix:" + folder.resolve(".").resolve("own.sock"))
                .build();
        assertThatThrownBy(relay::start).hasMessageContaining("must be the address of another server");
        assertThat(Files.exists(file)).isFalse();
    }

    /** Only the supplier knows when a client has come. */
    @ParameterizedTest
    @CsvSource({"127.0.0.1, 127.0.0.1", "127.0.0.1, localhost", "*, 127.0.0.1"})
    void refusesItselfAsUpstreamOfConnection(String own, String upstream) throws Exception {
        AtomicReference<String> address = new AtomicReference<>("");
        try (EchoServer relay = EchoServer.builder()
                .addresses(own + ":0")
                .upstream(address::get)
                .warnings(warnings)
                .recording()
                .start()) {
            address.set(upstream + ":" + relay.port());
            try (SocketChannel client = SocketChannel.open(PlainSockets.loopback(relay.port()))) {
                assertThatThrownBy(() -> client.socket().getInputStream().read())
                        .isInstanceOf(SocketException.class)
                        .hasMessage("Connection reset");
            }
            Ending ending = relay.recording().connection(1).awaitEnd().ending().orElseThrow();
            assertThat(ending.by() + " " + ending.how()).isEqualTo("SERVER RST");
            assertThat(ending.why())
                    .startsWith("cannot connect to upstream " + address.get() + "; tried ")
                    .contains("127.0.0.1:" + relay.port() + " (the relay itself listens there; name the real server)");
            assertThat(relay.counters().accepted()).isEqualTo(1);
        }
    }

    /** The port of a relay may be that of the real server, at another address. */
    @Test
    void takesPortOfUpstreamAtOtherAddress() throws Exception {
        try (ServerSocket behind = PlainSockets.listen(0);
                EchoServer relay = EchoServer.builder()
                        .addresses("127.0.0.2:" + behind.getLocalPort())
                        .upstream("127.0.0.1:" + behind.getLocalPort())
                        .start();
                Socket client = PlainSockets.connect(relay.address())) {
            behind.setSoTimeout(60_000);
            try (Socket server = behind.accept()) {
                PlainSockets.send(client, "x");
                PlainSockets.receives(server, "x");
            }
        }
    }
}
