package org.echoharness.junit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.echoharness.sockets.SocketTable;

/**
 * The TCP sockets that clients have not closed. Only on Linux does the kernel list them; on other systems the results are
 * empty. The list has no sockets that were reset.
 */
final class UnclosedSockets {

    /**
     * One socket.
     *
     * @param local its own address
     * @param remote the address of the other end
     */
    record Unclosed(InetSocketAddress local, InetSocketAddress remote) {}

    private static final String NO_PROCESS = "0"; // has the socket; the kernel still ends the connection
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private UnclosedSockets() {}

    /**
     * Returns the open sockets of this process whose other end has sent its FIN (the state CLOSE_WAIT) and has one of these
     * ports.
     *
     * @throws IOException if the lists of the kernel cannot be read, for example because no file descriptor is left
     */
    static Set<Unclosed> to(Set<Integer> ports) throws IOException {
        Map<Unclosed, String> inodes = new HashMap<>(); // the table lists the sockets of every process
        SocketTable.read(row -> {
            if (row.state() == SocketTable.Row.CLOSE_WAIT && ports.contains(row.remotePort())) {
                InetSocketAddress local = row.local();
                InetSocketAddress remote = row.remote();
                if (local != null && remote != null) {
                    inodes.put(new Unclosed(local, remote), row.inode());
                }
            }
            return true;
        });
        if (!inodes.isEmpty()) {
            inodes.values().retainAll(ownInodes());
        }
        return inodes.keySet();
    }

    /** Returns whether {@link #among} finds sockets. */
    static boolean areListed() {
        return SocketTable.isReadable();
    }

    /**
     * Returns which of these sockets of clients are open in any process of this machine. Of a client on another machine, it
     * returns those that have sent no FIN.
     *
     * @throws IOException if the lists of the kernel cannot be read, for example because no file descriptor is left
     */
    static Set<Unclosed> among(Set<Unclosed> sockets) throws IOException {
        Set<Integer> ports = new HashSet<>();
        sockets.forEach(each ->
                ports.addAll(List.of(each.local().getPort(), each.remote().getPort())));
        Set<Unclosed> closed = new HashSet<>();
        Set<Unclosed> unclosed = new HashSet<>();
        SocketTable.read(row -> {
            InetSocketAddress local = ports.contains(row.remotePort()) ? row.local() : null;
            InetSocketAddress remote = local == null ? null : row.remote();
            if (local != null && remote != null) {
                (row.inode().equals(NO_PROCESS) ? closed : unclosed).add(new Unclosed(local, remote));
                if (row.isOpenForInput()) {
                    unclosed.add(new Unclosed(remote, local)); // this is the end of the server
                }
            }
            return true;
        });
        unclosed.retainAll(sockets);
        unclosed.removeAll(closed);
        return unclosed;
    }

    private static Set<String> ownInodes() throws IOException {
        Set<String> inodes = new HashSet<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : descriptors) {
                String target = target(descriptor);
                if (target.startsWith("socket:[")) {
                    inodes.add(target.substring("socket:[".length(), target.length() - 1));
                }
            }
        } catch (DirectoryIteratorException unreadable) {
            throw unreadable.getCause();
        }
        return inodes;
    }

    private static String target(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (NoSuchFileException closedMeanwhile) {
            return "";
        }
    }
}
