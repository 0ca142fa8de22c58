package org.echoharness.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;

/** What tests do with plain sockets on loopback; each socket has a deadline. */
public final class PlainSockets {

    public static final int KIB = 1 << 10;
    public static final int MIB = 1 << 20;
    public static final String LOOPBACK = "127.0.0.1";

    private PlainSockets() {}

    public static InetSocketAddress at(String host, int port) throws IOException {
        return new InetSocketAddress(InetAddress.getAllByName(host)[0], port);
    }

    public static InetSocketAddress loopback(int port) throws IOException {
        return at(LOOPBACK, port);
    }

    /** A plain listener on 127.0.0.1, with the smallest backlog; with a port, it shows that the port is free. */
    public static ServerSocket listen(int port) throws IOException {
        return new ServerSocket(port, 1, at(LOOPBACK, 0).getAddress());
    }

    public static Socket connect(InetSocketAddress address) throws IOException {
        return connect(address, 0);
    }

    /** Connects with a receive buffer of this size, or with the system's if it is 0. */
    public static Socket connect(InetSocketAddress address, int receiveBuffer) throws IOException {
        return connect(address, receiveBuffer, 0);
    }

    /** Connects with socket buffers of these sizes; one of 0 is the system's. */
    public static Socket connect(InetSocketAddress address, int receiveBuffer, int sendBuffer) throws IOException {
        Socket socket = new Socket();
        try {
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            if (sendBuffer > 0) {
                socket.setSendBufferSize(sendBuffer);
            }
            socket.setTcpNoDelay(true);
            socket.connect(address, (int) Background.LONGEST.toMillis());
            socket.setSoTimeout((int) Background.LONGEST.toMillis());
            return socket;
        } catch (IOException failed) {
            socket.close();
            throw failed;
        }
    }

    public static void echoes(Socket socket, byte[] message) throws IOException {
        socket.getOutputStream().write(message);
        assertThat(socket.getInputStream().readNBytes(message.length)).isEqualTo(message);
    }

    public static void echoes(Socket socket, String message) throws IOException {
        echoes(socket, message.getBytes(StandardCharsets.UTF_8));
    }

    public static void send(Socket socket, String latin1) throws IOException {
        socket.getOutputStream().write(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Reads as many bytes as these, and fails if they are others. */
    public static void receives(Socket socket, String latin1) throws IOException {
        assertThat(new String(socket.getInputStream().readNBytes(latin1.length()), StandardCharsets.ISO_8859_1))
                .isEqualTo(latin1);
    }

    /** Closes a socket with an RST. */
    public static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    public static void assertEnd(Socket socket) throws IOException {
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }

    /** Reads until the reset, and fails if the stream ends in another way. */
    public static void assertReset(Socket socket) {
        assertThatThrownBy(() -> {
                    while (socket.getInputStream().read() >= 0) {}
                })
                .hasMessage("Connection reset");
    }

    public static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Half-closes, waits for the FIN of the server, and closes: the server has finished with the connection. */
    public static void finish(Socket socket) throws IOException {
        try (socket) {
            socket.shutdownOutput();
            assertEnd(socket);
        }
    }

    /** How the next read ends: "reset", "end of stream", "data", or the text of another failure. */
    public static String nextRead(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0 ? "end of stream" : "data";
        } catch (SocketException e) {
            return "Connection reset".equals(e.getMessage()) ? "reset" : e.toString();
        }
    }

    /** Skips the test where there is no IPv6 loopback. */
    public static void assumeIpv6() {
        try (ServerSocket probe = new ServerSocket(0, 1, at("::1", 0).getAddress())) {
            assertThat(probe.isBound()).isTrue();
        } catch (IOException e) {
            Assumptions.abort("no IPv6 loopback here: " + e.getMessage());
        }
    }

    /** How long a connect and an echo take, in seconds. */
    public static double secondsToEcho(InetSocketAddress address) throws IOException {
        long start = System.nanoTime();
        try (Socket socket = connect(address)) {
            echoes(socket, "after");
        }
        return Background.secondsSince(start);
    }
}
