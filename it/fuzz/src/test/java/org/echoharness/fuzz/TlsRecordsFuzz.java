package org.echoharness.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Records that a client of a TLS server sends before, in place of or after its handshake. The first byte of an input says
 * which, the second how long the pieces are that it is sent in. Each such connection ends, and others go on.
 */
class TlsRecordsFuzz {

    private static final int HEADER = 2;
    private static final int CHECKED = 64; // connections until others are looked at
    private static final byte[] MESSAGE = "still here".getBytes(StandardCharsets.US_ASCII);
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

    @AutoClose
    private static EchoServer server;

    /** Is served all the time. */
    @AutoClose
    private static EchoClient open;

    private static int inputs;

    static Stream<Arguments> seeds() throws NoSuchAlgorithmException, SSLException {
        byte[] hello = hello();
        String alert = "\25\3\3\0\2\2\50";
        return Stream.of(
                seed("ClientHello", 0, 0, Inputs.latin1(hello)),
                seed("ClientHello in pieces", 0, 1, Inputs.latin1(hello)),
                seed("ClientHello and an alert", 0, 100, Inputs.latin1(hello) + alert),
                seed("ClientHello of SSL 2.0", 0, 0, "\u0080\56\1\0\2\0\25\0\0\0\20\1\0\u0080"),
                seed("HTTP", 0, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                seed("too long a record", 0, 0, "\26\3\1\u00ff\u00ff\1"),
                seed("empty records", 0, 0, "\26\3\1\0\0\26\3\1\0\0\25\3\1\0\0"),
                seed("1.3, then an alert", 1, 0, alert),
                seed("1.3, then records", 1, 0, "\24\3\3\0\1\1\27\3\3\0\40\1\2\3\4\5\6\7\0\27\3\3\0\0"),
                seed("1.2, then a ClientHello", 2, 0, Inputs.latin1(hello)),
                seed("1.2, then close_notify", 2, 3, "\25\3\3\0\2\1\0"));
    }

    private static Arguments seed(String name, int moment, int piece, String latin1) {
        byte[] header = {(byte) moment, (byte) piece};
        return Inputs.seed(name, Inputs.joined(header, latin1.getBytes(ISO_8859_1)));
    }

    private static byte[] hello() throws NoSuchAlgorithmException, SSLException {
        SSLEngine client = SSLContext.getDefault().createSSLEngine("localhost", 1);
        client.setUseClientMode(true);
        ByteBuffer record = ByteBuffer.allocate(client.getSession().getPacketBufferSize());
        client.wrap(ByteBuffer.allocate(0), record);
        byte[] bytes = new byte[record.flip().remaining()];
        record.get(bytes);
        return bytes;
    }

    @BeforeAll
    static void start() throws IOException {
        HostilePeer.watchThreads();
        server = EchoServer.builder()
                .tls("self-signed")
                .recording(1_024, 2 * CHECKED)
                .conversation(HostilePeer::checkLine)
                .warnings(HostilePeer::checkLine)
                .start();
        open = client();
    }

    private static EchoClient client() throws IOException {
        return EchoClient.builder()
                .address(server.socketAddress())
                .tls(server.sslContext())
                .readTimeout(Duration.ofSeconds(60))
                .connectTimeout(Duration.ofSeconds(60))
                .connect();
    }

    @MethodSource("seeds")
    @FuzzTest
    void records(byte[] input) throws IOException {
        if (input.length < HEADER) {
            return;
        }
        int moment = Math.floorMod(input[0], 3);
        int piece = input[1] == 0 ? Integer.MAX_VALUE >> 1 : 1 + (input[1] & 0xFF);
        try (Socket socket = PlainSockets.connect(PlainSockets.loopback(server.port()))) {
            if (moment > 0) {
                handshake(socket, VERSIONS[moment - 1]);
            }
            HostilePeer.send(socket, input, HEADER, piece);
            HostilePeer.readToEnd(socket);
        }
        HostilePeer.assertSound();
        if (++inputs % CHECKED == 1) {
            assertServes();
        }
    }

    /** Makes a handshake, and leaves the socket as it is then. */
    private static void handshake(Socket socket, String version) throws IOException {
        SSLSocket tls = (SSLSocket) server.sslContext().getSocketFactory().createSocket(socket, "localhost", 1, false);
        tls.setEnabledProtocols(new String[] {version});
        tls.startHandshake();
    }

    private static void assertServes() throws IOException {
        open.expectEcho(MESSAGE);
        try (EchoClient other = client()) {
            other.expectEcho(MESSAGE);
        }
        assertThat(server.catchUp(Duration.ofSeconds(60))).isTrue();
        assertThat(server.recording().openConnections())
                .extracting(RecordedConnection::number)
                .isSubsetOf(1L);
        assertThat(server.failure()).isEmpty();
        Inputs.assertShown(server.recording().transcript().replace("\n", ""));
    }
}
