package org.echoharness.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.net.Socket;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Headers of the PROXY protocol, with a message after them. The first byte of an input says how long the pieces are that it is
 * sent in. What is echoed is the end of what was sent, the connection ends, and others are served.
 */
class ProxyHeaderFuzz {

    private static final int HEADER = 1;
    private static final int CHECKED = 64; // connections until others are looked at
    private static final String SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
    private static final String OTHER = "PROXY UNKNOWN\r\n";

    private static EchoServer server;
    private static int inputs;

    static Stream<Arguments> seeds() {
        return Stream.of(
                seed("version 1, IPv4", 0, "PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\nhello"),
                seed("version 1, IPv6, in pieces", 1, "PROXY TCP6 2001:db8::1 ::1 65535 1\r\nhello"),
                seed("version 1, unknown", 7, "PROXY UNKNOWN ffff:: ::1 1 2\r\nhello"),
                seed("version 2, IPv4", 0, SIGNATURE + "!\21\0\14\300\0\2\1\300\0\2\2\234\100\1\273hello"),
                seed("version 2, IPv6", 5, SIGNATURE + "!\41\0\44" + "0123456789abcdef".repeat(2) + "\0\1\0\2hello"),
                seed("version 2, local", 0, SIGNATURE + " \0\0\0hello"),
                seed("version 2, with more", 0, SIGNATURE + "!\21\0\22\300\0\2\1\300\0\2\2\0\1\0\2\4\0\3abchello"),
                seed("version 2, Unix sockets", 0, SIGNATURE + "!\61\0\u00d8" + "/a\0".repeat(72) + "hello"),
                seed("none", 0, "hello"));
    }

    private static Arguments seed(String name, int piece, String latin1) {
        return Inputs.seed(name, Inputs.joined(new byte[] {(byte) piece}, latin1.getBytes(ISO_8859_1)));
    }

    @BeforeAll
    static void start() throws IOException {
        HostilePeer.watchThreads();
        server = EchoServer.builder()
                .proxyProtocol("required")
                .recording(1_024, 2 * CHECKED)
                .conversation(HostilePeer::checkLine)
                .warnings(HostilePeer::checkLine)
                .start();
    }

    @AfterAll
    static void close() {
        server.close();
    }

    @MethodSource("seeds")
    @FuzzTest
    void header(byte[] input) throws IOException {
        if (input.length < HEADER) {
            return;
        }
        int piece = input[0] == 0 ? input.length : input[0] & 0xFF;
        assertThat(Inputs.latin1(input)).contains(sent(input, piece));
        if (++inputs % CHECKED == 1) {
            byte[] other = ("\0" + OTHER + "still here").getBytes(ISO_8859_1);
            assertThat(sent(other, other.length)).isEqualTo("still here");
            assertThat(server.catchUp(Background.LONGEST)).isTrue();
            assertThat(server.recording().openConnections()).isEmpty();
            assertThat(server.failure()).isEmpty();
            Inputs.assertShown(server.recording().transcript().replace("\n", ""));
        }
    }

    /** Sends an input, and returns what the server sends. */
    private static String sent(byte[] input, int piece) throws IOException {
        try (Socket socket = PlainSockets.connect(PlainSockets.loopback(server.port()))) {
            HostilePeer.send(socket, input, HEADER, piece);
            return Inputs.latin1(HostilePeer.readToEnd(socket));
        } finally {
            HostilePeer.assertSound();
        }
    }
}
