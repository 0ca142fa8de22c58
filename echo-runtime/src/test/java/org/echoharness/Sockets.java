package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;

/** What several tests do with plain sockets; each has a deadline. */
public final class Sockets {

    public static final int MIB = 1 << 20;

    private Sockets() {}

    /** A plain listener on 127.0.0.1, with the smallest backlog. */
    public static ServerSocket listen(int port) throws IOException {
        return new ServerSocket(port, 1, at("127.0.0.1", 0).getAddress());
    }

    public static InetSocketAddress at(String host, int port) throws IOException {
        return new InetSocketAddress(InetAddress.getAllByName(host)[0], port);
    }

    public static Socket connect(InetSocketAddress address) throws IOException {
        return connect(address, 0);
    }

    /** A receive buffer of 0 bytes is the system's. */
    public static Socket connect(InetSocketAddress address, int receiveBuffer) throws IOException {
        Socket socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.connect(address, 10_000);
        socket.setSoTimeout(30_000);
        return socket;
    }

    public static void echoes(Socket socket, String message) throws IOException {
        byte[] bytes = message.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        socket.getOutputStream().write(bytes);
        assertThat(socket.getInputStream().readNBytes(bytes.length)).isEqualTo(bytes);
    }

    public static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    public static void assumeIpv6() {
        try (java.net.ServerSocket probe = new ServerSocket(0, 1, at("::1", 0).getAddress())) {
            assertThat(probe.isBound()).isTrue();
        } catch (IOException e) {
            Assumptions.abort("no IPv6 loopback here: " + e.getMessage());
        }
    }

    public static long openFiles() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            return unix.getOpenFileDescriptorCount();
        }
        return Assumptions.abort("no count of file descriptors here");
    }
}
