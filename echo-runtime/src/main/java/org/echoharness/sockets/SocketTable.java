package org.echoharness.sockets;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads Linux's list of the TCP sockets in this process's network namespace, proc_net_tcp(5). Any thread may call it. The
 * time of a read grows with the number of sockets: some milliseconds for 1,000.
 */
public final class SocketTable {

    private static final List<Path> FILES = List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));
    private static final int CHUNK = 8_192; // FileInputStream would copy a larger chunk through memory from malloc

    /** The prefix of an IPv4 address that is mapped into IPv6, ::ffff:0:0/96, in words of the machine's byte order. */
    private static final String MAPPED =
            hex(ByteBuffer.allocate(12).put(10, (byte) -1).put(11, (byte) -1));

    private SocketTable() {}

    /**
     * Returns whether this system has the list.
     *
     * @return whether {@link #read} finds sockets
     */
    public static boolean isReadable() {
        return Files.isReadable(FILES.get(0));
    }

    /**
     * Returns the name that a {@link Row} gives to a socket.
     *
     * @param local its own address
     * @param remote the address of the other end
     * @return a name that no other socket has
     */
    public static String name(InetSocketAddress local, InetSocketAddress remote) {
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

    /**
     * Passes the sockets to the predicate, one after the other, IPv4 first; none if the system has no list.
     *
     * @param wants reads a row, and returns whether to go on; the same row object then holds the next socket
     * @throws IOException if the list cannot be read, for example because no file descriptor is left
     */
    public static void read(Predicate<Row> wants) throws IOException {
        Row row = new Row();
        for (Path file : FILES) {
            if (Files.isReadable(file) && !read(file, row, wants)) {
                return;
            }
        }
    }

    private static boolean read(Path file, Row row, Predicate<Row> wants) throws IOException {
        try (InputStream in = new FileInputStream(file.toFile())) {
            return read(in, row, wants);
        }
    }

    /** Reads rows, of which one may be split between two reads. Returns false if the predicate stopped it. */
    static boolean read(InputStream in, Row row, Predicate<Row> wants) throws IOException {
        byte[] bytes = row.bytes;
        boolean isHead = true;
        int held = 0;
        for (int n = in.read(bytes, 0, CHUNK); n > 0; n = in.read(bytes, held, CHUNK)) {
            int end = held + n;
            int start = 0;
            for (int i = held; i < end; i++) {
                if (bytes[i] == '\n') {
                    if (!isHead && row.parse(start, i) && !wants.test(row)) {
                        return false;
                    }
                    isHead = false;
                    start = i + 1;
                }
            }
            held = Math.min(end - start, bytes.length - CHUNK); // a line is far shorter
            System.arraycopy(bytes, start, bytes, 0, held);
        }
        return true;
    }

    /** One socket of the list. The same object is used for the next socket. */
    public static final class Row {

        /** The state of a socket that is open although its other end has sent its FIN. */
        public static final int CLOSE_WAIT = 8;

        private static final int ESTABLISHED = 1;
        private static final int FIN_WAIT1 = 4;
        private static final int FIN_WAIT2 = 5;

        private static final int PORT = 4; // hexadecimal digits; this and the next
        private static final int STATE = 2;
        private static final int QUEUE = 8;
        private static final int TO_INODE = 5; // fields from the queues to the number

        private final byte[] bytes = new byte[2 * CHUNK];
        private int local;
        private int remote;
        private int state;
        private int end; // these are positions in the bytes

        Row() {}

        /** {@code 0: 0100007F:1F90 0100007F:A1B2 01 00000000:00000000 …}: number, local, remote, state, queues. */
        private boolean parse(int start, int lineEnd) {
            end = lineEnd;
            local = after(start, ':') + 1;
            remote = after(after(local, ':') + PORT - 1, ' ');
            state = remote + (remote - local);
            return state + STATE + QUEUE < end
                    && bytes[remote - 1] == ' '
                    && bytes[state - 1] == ' '
                    && bytes[state + STATE] == ' ';
        }

        /** Returns the position after the next such character. */
        private int after(int from, char wanted) {
            int i = from;
            while (i < end && bytes[i] != wanted) {
                i++;
            }
            return i + 1;
        }

        private long hex(int from, int digits) {
            long value = 0;
            for (int i = from; i < from + digits; i++) {
                value = value << 4 | Character.digit(bytes[i], 16);
            }
            return value;
        }

        /**
         * Returns the port of the other end.
         *
         * @return 0 to 65,535
         */
        public int remotePort() {
            return (int) hex(state - 1 - PORT, PORT);
        }

        /**
         * Returns the state of the connection.
         *
         * @return the kernel's number, such as {@link #CLOSE_WAIT}
         */
        public int state() {
            return (int) hex(state, STATE);
        }

        /**
         * Returns whether the other end has sent no FIN yet on this connection.
         *
         * @return true if more bytes may come
         */
        public boolean isOpenForInput() {
            int state = state();
            return state == ESTABLISHED || state == FIN_WAIT1 || state == FIN_WAIT2;
        }

        /**
         * Returns how many bytes were sent and are not acknowledged by the other end.
         *
         * @return a number of bytes
         */
        public long unacknowledged() {
            return hex(state + STATE + 1, QUEUE);
        }

        /**
         * Returns the inode number of the socket, as the links in {@code /proc/self/fd} show it.
         *
         * @return a number; 0 if no process has the socket any more
         */
        public String inode() {
            int from = state + STATE + 1;
            for (int i = 0; i < TO_INODE; i++) {
                from = after(from, ' ');
                while (from < end && bytes[from] == ' ') {
                    from++;
                }
            }
            return text(from, Math.min(end, after(from, ' ') - 1));
        }

        /**
         * Returns the socket's name.
         *
         * @return the name that {@link SocketTable#name} returns for its addresses
         */
        public String name() {
            return mapped(local, remote - 1) + ' ' + mapped(remote, state - 1);
        }

        private String mapped(int from, int to) {
            return (bytes[from + QUEUE] == ':' ? MAPPED : "") + text(from, to);
        }

        private String text(int from, int to) {
            return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
        }

        /**
         * Returns the socket's own address.
         *
         * @return the address, of IPv4 if it is mapped into IPv6; null if its form is unknown
         */
        public @Nullable InetSocketAddress local() {
            return address(local, remote - 1);
        }

        /**
         * Returns the address of the other end.
         *
         * @return the address, in the form that {@link #local} returns
         */
        public @Nullable InetSocketAddress remote() {
            return address(remote, state - 1);
        }

        /** Parses words of 32 bits in this machine's byte order, and the port. */
        private @Nullable InetSocketAddress address(int from, int to) {
            int digits = to - PORT - 1 - from;
            ByteBuffer address = ByteBuffer.allocate(digits / 2).order(ByteOrder.nativeOrder());
            for (int i = 0; i + QUEUE <= digits; i += QUEUE) {
                address.putInt((int) hex(from + i, QUEUE));
            }
            try {
                return new InetSocketAddress(InetAddress.getByAddress(address.array()), (int) hex(to - PORT, PORT));
            } catch (UnknownHostException unknownForm) {
                return null;
            }
        }
    }
}
