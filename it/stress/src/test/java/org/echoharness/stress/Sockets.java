package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Assumptions;

/** What several rows do with plain sockets; each socket has a deadline. */
final class Sockets {

    static final int KIB = 1 << 10;
    static final int MIB = 1 << 20;
    static final String LOOPBACK = "127.0.0.1";

    private Sockets() {}

    private static InetAddress numeric(String host) throws IOException {
        return InetAddress.getAllByName(host)[0];
    }

    static InetSocketAddress loopback(int port) throws IOException {
        return new InetSocketAddress(numeric(LOOPBACK), port);
    }

    /** A server on one port of loopback, at the defaults. */
    static EchoServer serverOn(int port) throws IOException {
        return EchoServer.builder().addresses(LOOPBACK + ":" + port).start();
    }

    /** A plain listener, for a port that must be busy or free. */
    static ServerSocket listen(int port) throws IOException {
        return new ServerSocket(port, 1, numeric(LOOPBACK));
    }

    static Socket connect(InetSocketAddress address) throws IOException {
        return connect(address, 0);
    }

    /** With socket buffers of so many bytes, or the system's for 0. */
    static Socket connect(InetSocketAddress address, int buffers) throws IOException {
        Socket socket = new Socket();
        try {
            if (buffers > 0) {
                socket.setReceiveBufferSize(buffers);
                socket.setSendBufferSize(buffers);
            }
            socket.setTcpNoDelay(true);
            socket.connect(address, (int) Waiting.LONGEST.toMillis());
            socket.setSoTimeout((int) Waiting.LONGEST.toMillis());
            return socket;
        } catch (IOException failed) {
            socket.close();
            throw failed;
        }
    }

    static void echoes(Socket socket, byte[] message) throws IOException {
        socket.getOutputStream().write(message);
        assertThat(socket.getInputStream().readNBytes(message.length)).isEqualTo(message);
    }

    static void echoes(Socket socket, String message) throws IOException {
        echoes(socket, message.getBytes(StandardCharsets.US_ASCII));
    }

    /** Half-closes and waits for the end of the server's side, then closes: the server is done with it. */
    static void finish(Socket socket) throws IOException {
        try (socket) {
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    /** How the next read ends: "reset", "end of stream", "data", or another failure's text. */
    static String nextRead(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0 ? "end of stream" : "data";
        } catch (SocketException e) {
            return "Connection reset".equals(e.getMessage()) ? "reset" : e.toString();
        }
    }

    static void assumeIpv6() {
        try (ServerSocket probe = new ServerSocket(0, 1, numeric("::1"))) {
            assertThat(probe.isBound()).isTrue();
        } catch (IOException e) {
            Assumptions.abort("no IPv6 loopback here: " + e.getMessage());
        }
    }

    /** How long a connect and an echo take, in seconds. */
    static double secondsToEcho(InetSocketAddress address) throws IOException {
        long start = System.nanoTime();
        try (Socket socket = connect(address)) {
            echoes(socket, "after");
        }
        return Waiting.secondsSince(start);
    }
}
