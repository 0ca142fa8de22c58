package org.echoharness;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Linux's list of the TCP sockets in this process's network namespace, proc_net_tcp(5): how many bytes of a socket have
 * not been acknowledged by the other end. Any thread may read it; a read takes longer the more sockets there are.
 */
final class SocketTable {

    private static final List<Path> FILES = List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));

    /** What stands before an IPv4 address where a line has one of IPv6: ::ffff:0:0/96, in words of the machine's order. */
    private static final String MAPPED =
            hex(ByteBuffer.allocate(12).put(10, (byte) -1).put(11, (byte) -1));

    private SocketTable() {}

    /** Whether this system has the list. */
    static boolean isReadable() {
        return Files.isReadable(FILES.get(0));
    }

    /** How {@link #unacknowledged} names a socket. */
    static String name(InetSocketAddress local, InetSocketAddress remote) {
        return name(local) + ' ' + name(remote);
    }

    private static String name(InetSocketAddress address) {
        byte[] bytes = address.getAddress().getAddress();
        String port = String.format(":%04X", address.getPort());
        return (bytes.length == 4 ? MAPPED : "") + hex(ByteBuffer.wrap(bytes)) + port;
    }

    private static String hex(ByteBuffer address) {
        StringBuilder hex = new StringBuilder();
        ByteBuffer words = address.rewind().order(ByteOrder.nativeOrder());
        while (words.hasRemaining()) {
            hex.append(String.format("%08X", words.getInt()));
        }
        return hex.toString();
    }

    /** Of each of these sockets, the bytes sent that the other end has not acknowledged; none of those not found. */
    static Map<String, Long> unacknowledged(Set<String> names) throws IOException {
        BitSet ports = new BitSet();
        for (String name : names) {
            ports.set(port(name));
        }
        Map<String, Long> found = new HashMap<>();
        for (Path file : FILES) {
            // to read one takes milliseconds, also where there are few sockets; and there may be no IPv6
            if (found.size() < names.size() && Files.isReadable(file)) {
                read(file, names, ports, found);
            }
        }
        return found;
    }

    private static void read(Path file, Set<String> names, BitSet ports, Map<String, Long> found) throws IOException {
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            lines.readLine(); // the heads of the columns
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                read(line, names, ports, found);
            }
        }
    }

    /** {@code 0: 0100007F:1F90 0100007F:A1B2 01 00000000:00000000 …}: number, local, remote, state, queues. */
    private static void read(String line, Set<String> names, BitSet ports, Map<String, Long> found) {
        int local = line.indexOf(": ") + 2;
        int remote = line.indexOf(' ', local) + 1;
        int state = line.indexOf(' ', remote) + 1;
        if (!ports.get(port(line.substring(remote, state - 1)))) {
            return; // most lines end here
        }
        String name = mapped(line.substring(local, remote - 1)) + ' ' + mapped(line.substring(remote, state - 1));
        if (names.contains(name)) {
            found.put(name, Long.parseLong(line, state + 3, line.indexOf(':', state), 16));
        }
    }

    private static int port(String name) {
        return Integer.parseInt(name, name.length() - 4, name.length(), 16);
    }

    private static String mapped(String address) {
        return address.indexOf(':') == 8 ? MAPPED + address : address;
    }
}
