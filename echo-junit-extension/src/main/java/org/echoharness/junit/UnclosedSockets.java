package org.echoharness.junit;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The TCP sockets of this process whose other end has sent its FIN and that are open all the same: the state CLOSE_WAIT.
 * The kernel lists them on Linux alone; elsewhere there are none. The list has no sockets that were reset.
 */
final class UnclosedSockets {

    /**
     * One socket.
     *
     * @param local its own address
     * @param remote the address of the end that has closed
     */
    record Unclosed(InetSocketAddress local, InetSocketAddress remote) {}

    private static final List<Path> TABLES = List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final String CLOSE_WAIT = "08";

    // the columns of a table
    private static final int LOCAL = 1;
    private static final int REMOTE = 2;
    private static final int STATE = 3;
    private static final int INODE = 9;

    private UnclosedSockets() {}

    /** Those whose other end is one of these ports. */
    static Set<Unclosed> to(Set<Integer> ports) {
        List<String[]> rows = new ArrayList<>();
        for (Path table : TABLES) {
            addRows(table, rows);
        }
        Set<Unclosed> found = new HashSet<>();
        rows.removeIf(row -> !ports.contains(port(row[REMOTE])));
        if (!rows.isEmpty()) {
            Set<String> own = ownInodes(); // the tables list the sockets of every process
            for (String[] row : rows) {
                InetSocketAddress local = address(row[LOCAL]);
                InetSocketAddress remote = address(row[REMOTE]);
                if (local != null && remote != null && own.contains(row[INODE])) {
                    found.add(new Unclosed(local, remote));
                }
            }
        }
        return found;
    }

    private static void addRows(Path table, List<String[]> rows) {
        try (BufferedReader lines = Files.newBufferedReader(table, StandardCharsets.US_ASCII)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] row = line.strip().split(" +");
                if (row.length > INODE && row[STATE].equals(CLOSE_WAIT)) {
                    rows.add(row);
                }
            }
        } catch (IOException absent) {
            // not Linux, or no IPv6
        }
    }

    private static Set<String> ownInodes() {
        Set<String> inodes = new HashSet<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : descriptors) {
                String target = target(descriptor);
                if (target.startsWith("socket:[")) {
                    inodes.add(target.substring("socket:[".length(), target.length() - 1));
                }
            }
        } catch (IOException absent) {
            // then none is known to be ours
        }
        return inodes;
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    private static int port(String hex) {
        return Integer.parseInt(hex.substring(hex.indexOf(':') + 1), 16);
    }

    /** Words of 32 bits in the order of this machine, and the port: {@code 0100007F:1F90}. */
    private static @Nullable InetSocketAddress address(String hex) {
        byte[] words = HexFormat.of().parseHex(hex.substring(0, hex.indexOf(':')));
        ByteBuffer from = ByteBuffer.wrap(words); // as printed: the most significant byte first
        ByteBuffer to = ByteBuffer.allocate(words.length).order(ByteOrder.nativeOrder());
        while (from.hasRemaining()) {
            to.putInt(from.getInt());
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(to.array()), port(hex)); // a mapped IPv4 one is IPv4
        } catch (UnknownHostException unknownForm) {
            return null;
        }
    }
}
