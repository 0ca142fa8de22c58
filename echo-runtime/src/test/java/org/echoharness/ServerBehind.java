package org.echoharness;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The server behind a relay, whose sockets the test has in its hands. It listens before each test. */
final class ServerBehind implements BeforeEachCallback, AfterEachCallback {

    private static final int LONGEST_MILLIS = (int) Background.LONGEST.toMillis();

    private final AwaitedLines warnings = new AwaitedLines();
    private ServerSocket listening;

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        listen(0);
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        close();
    }

    private void listen(int port) throws IOException {
        listening = PlainSockets.listen(port);
        listening.setSoTimeout(LONGEST_MILLIS);
    }

    /** Listens at the same port as before, after {@link #close}. */
    void listenAgain() throws IOException {
        listen(port());
    }

    void close() throws IOException {
        listening.close();
    }

    /** The port, also after the close. */
    int port() {
        return listening.getLocalPort();
    }

    String address() {
        return PlainSockets.LOOPBACK + ":" + port();
    }

    Socket accept() throws IOException {
        Socket accepted = listening.accept();
        accepted.setSoTimeout(LONGEST_MILLIS);
        return accepted;
    }

    /** A relay to this server, which records. */
    EchoServer.Builder relay() {
        return EchoServer.builder().warnings(warnings).upstream(address()).recording();
    }

    /** Checks that a client of a relay is reset. Whether the RST comes before the connect returns is up to the kernel. */
    static void assertConnectIsReset(EchoServer relay) {
        assertThatThrownBy(() -> {
                    try (Socket client = PlainSockets.connect(relay.address())) {
                        while (client.getInputStream().read() >= 0) {}
                    }
                })
                .hasMessageMatching("Connection reset( by peer)?");
    }

    /** What the relays have warned of. */
    AwaitedLines warnings() {
        return warnings;
    }
}
