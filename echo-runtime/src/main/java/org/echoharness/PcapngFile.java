package org.echoharness;

import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import org.echoharness.packets.TcpPacket;
import org.echoharness.sockets.UnixNames;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Escaping;
import org.echoharness.text.ServerLog;

/**
 * Writes recorded connections as a pcapng file (draft-ietf-opsawg-pcapng) of raw IP packets, each at the time of its event.
 * This class makes handshakes and sequence numbers. Packets of several connections are in the order of time.
 */
final class PcapngFile {

    private static final int LINKTYPE_RAW = 101;
    private static final int SEGMENT = 60_000; // less than the most that an IPv4 packet holds
    private static final long INITIAL_NUMBERS_APART = 0x9E37_79B9L; // 2^32 divided by the golden ratio; odd
    private static final int COMMENT = 1;
    private static final int COMMENT_LENGTH = 4_000; // characters of a packet's comment
    private static final String CUT = "(...)";
    private static final int MOST_OF_OPTION = 65_535; // bytes, by the format

    private record Packet(Instant at, ByteBuffer bytes, String comment) {}

    private PcapngFile() {}

    /** Returns how many bytes a connection takes in the file, without what comments say about the server. */
    static long size(RecordedConnection connection) {
        long size = 0;
        for (Stream stream : streams(List.of(connection))) {
            while (stream.hasNext()) {
                Packet packet = stream.next();
                size += block(packet, packet.comment()).length;
            }
        }
        return size;
    }

    /** Returns a stream for each leg; each has at least its handshake. */
    private static List<Stream> streams(List<RecordedConnection> connections) {
        List<Stream> streams = new ArrayList<>();
        for (RecordedConnection connection : connections) {
            streams.add(new Stream(connection, connection, streams.size()));
            connection.upstream().ifPresent(leg -> streams.add(new Stream(connection, leg, streams.size())));
        }
        return streams;
    }

    /**
     * Writes the file, one packet after the other.
     *
     * @param server what was done to the server as a whole, in order; each is a comment of the packet that came next
     * @param remarks lines about the whole recording, which are the comment of the section
     */
    static void write(List<RecordedConnection> connections, ServerLog.Snapshot server, List<String> remarks, Path file)
            throws IOException {
        CompleteFile.write(file, out -> write(connections, server, remarks, new DataOutputStream(out)));
    }

    private static void write(
            List<RecordedConnection> connections, ServerLog.Snapshot server, List<String> remarks, DataOutputStream out)
            throws IOException {
        PriorityQueue<Stream> streams = new PriorityQueue<>(
                Math.max(1, connections.size()),
                Comparator.comparing((Stream stream) -> stream.peek().at()).thenComparingInt(stream -> stream.index));
        streams.addAll(streams(connections));
        header(remarks, out);
        ArrayDeque<ServerLog.Event> toSay = new ArrayDeque<>(server.events());
        for (Stream stream = streams.poll(); stream != null; stream = streams.poll()) {
            Packet packet = stream.next();
            Duration since = stream.sinceOrigin(packet);
            if (stream.hasNext()) {
                streams.add(stream);
            }
            List<String> comments = new ArrayList<>();
            while (!toSay.isEmpty() && toSay.peek().since().compareTo(since) <= 0) {
                comments.add(server.of() + ": " + toSay.remove().what());
            }
            comments.add(packet.comment());
            while (streams.isEmpty() && !toSay.isEmpty()) {
                comments.add("afterwards " + server.of() + ": " + toSay.remove().what());
            }
            comments.removeIf(String::isEmpty);
            out.write(block(packet, String.join("; ", comments)));
        }
    }

    private static void header(List<String> remarks, DataOutputStream out) throws IOException {
        byte[] comment = comment(remarks);
        ByteBuffer section = ByteBuffer.allocate(16 + optionLength(comment))
                .putInt(0x1A2B3C4D)
                .putShort((short) 1)
                .putShort((short) 0)
                .putLong(-1);
        putOption(section, comment);
        out.write(block(0x0A0D0D0A, section.array()));
        out.write(block(
                1,
                ByteBuffer.allocate(16)
                        .putShort((short) LINKTYPE_RAW)
                        .putShort((short) 0)
                        .putInt(0)
                        .putShort((short) 9) // if_tsresol
                        .putShort((short) 1)
                        .put((byte) 9) // nanoseconds
                        .put(new byte[3])
                        .array()));
    }

    /** Joins the last lines, as many as the format has room for. */
    private static byte[] comment(List<String> lines) {
        ArrayDeque<String> fitting = new ArrayDeque<>();
        int room = MOST_OF_OPTION - CUT.length();
        for (int i = lines.size() - 1; i >= 0; i--) {
            room -= lines.get(i).getBytes(StandardCharsets.UTF_8).length + 1;
            if (room < 0) {
                fitting.addFirst(CUT);
                break;
            }
            fitting.addFirst(lines.get(i));
        }
        return String.join("\n", fitting).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] block(Packet packet, String text) {
        long nanos = ChronoUnit.NANOS.between(Instant.EPOCH, packet.at());
        byte[] comment = cut(text).getBytes(StandardCharsets.UTF_8);
        int padded = padded(packet.bytes().remaining());
        ByteBuffer body = ByteBuffer.allocate(20 + padded + optionLength(comment))
                .putInt(0)
                .putInt((int) (nanos >>> 32))
                .putInt((int) nanos)
                .putInt(packet.bytes().remaining())
                .putInt(packet.bytes().remaining())
                .put(packet.bytes().duplicate());
        body.position(20 + padded);
        putOption(body, comment);
        return block(6, body.array());
    }

    private static int optionLength(byte[] comment) {
        return comment.length == 0 ? 0 : 4 + padded(comment.length) + 4;
    }

    /** Writes an option and the end of the options, which is zero. */
    private static void putOption(ByteBuffer to, byte[] comment) {
        if (comment.length > 0) {
            to.putShort((short) COMMENT).putShort((short) comment.length).put(comment);
        }
    }

    /** Cuts a long comment between characters, and not within an escape. */
    private static String cut(String comment) {
        return comment.length() <= COMMENT_LENGTH ? comment : Escaping.first(comment, COMMENT_LENGTH) + "...";
    }

    private static byte[] block(int type, byte[] body) {
        int length = 12 + padded(body.length);
        ByteBuffer block =
                ByteBuffer.allocate(length).putInt(type).putInt(length).put(body);
        return block.putInt(length - 4, length).array();
    }

    private static int padded(int length) {
        return (length + 3) & ~3;
    }

    /** Makes the packets of one connection one by one, because a file may be larger than the memory. */
    private static final class Stream {
        private final RecordedConnection whole; // of which this is one leg, if it was relayed
        private final RecordedConnection connection;
        private final int index;
        private final Iterator<RecordedEvent> events;
        private final List<String> comments = new ArrayList<>(); // of the next packet
        private final ArrayDeque<Packet> packets = new ArrayDeque<>(); // made and not taken yet
        private final InetSocketAddress client;
        private final InetSocketAddress server;
        private final String first; // what the first comment says about the addresses
        private long clientNext; // the next sequence number of each side
        private long serverNext;
        private boolean ended;
        private final long[] missing = new long[2]; // bytes received and sent that are neither kept nor reported yet

        Stream(RecordedConnection whole, RecordedConnection connection, int index) {
            this.whole = whole;
            this.connection = connection;
            this.index = index;
            events = connection.log().iterator();
            boolean isInet = connection.server() instanceof InetSocketAddress;
            client = isInet ? (InetSocketAddress) connection.client() : UnixNames.standIn(index);
            server = isInet ? (InetSocketAddress) connection.server() : UnixNames.standIn(-1);
            first = isInet ? "" : "; both addresses stand for the Unix socket " + HostAndPort.text(connection.server());
            // each starts at a different number, so that a connection that reuses a client port does not look like a
            // retransmission; products with an odd number repeat only after 2^32 of them, and neighbours are far apart
            clientNext = index * INITIAL_NUMBERS_APART & 0xFFFF_FFFFL;
            serverNext = clientNext;
            handshake();
            make();
        }

        private void handshake() {
            Instant at = connection.accepted();
            packet(at, true, TcpPacket.SYN, new byte[0], 0, 0, connection.name() + otherLeg() + first);
            clientNext++;
            packet(at, false, TcpPacket.SYN | TcpPacket.ACK, new byte[0], 0, 0, "");
            serverNext++;
            packet(at, true, TcpPacket.ACK, new byte[0], 0, 0, "");
        }

        private String otherLeg() {
            RecordedConnection other = connection == whole ? whole.upstream().orElse(null) : whole;
            return other == null
                    ? ""
                    : ", whose other leg is from " + HostAndPort.text(other.client()) + " to "
                            + HostAndPort.text(other.server());
        }

        /** Returns the time since the start of the first connection of the recording. */
        Duration sinceOrigin(Packet packet) {
            return connection.opened().plus(Duration.between(connection.accepted(), packet.at()));
        }

        boolean hasNext() {
            return !packets.isEmpty();
        }

        Packet peek() {
            return packets.element();
        }

        Packet next() {
            Packet next = packets.remove();
            make();
            return next;
        }

        /** Makes at least two packets, so that the last packet can take the remaining comments. */
        private void make() {
            while (packets.size() < 2 && events.hasNext()) {
                add(events.next());
            }
            if (!events.hasNext() && !ended) {
                ended = true;
                if (connection.eventsLeftOut() > 0) {
                    comments.add(connection.eventsLeftOut() + " events more, not kept");
                }
                String change = Transcript.change(whole, connection);
                if (!change.isEmpty()) {
                    comments.add(change);
                }
                String rest = taken();
                if (!rest.isEmpty()) {
                    Packet last = packets.removeLast();
                    String before = last.comment().isEmpty() ? "" : last.comment() + "; ";
                    packets.add(new Packet(last.at(), last.bytes(), before + rest));
                }
            }
        }

        private void add(RecordedEvent event) {
            Instant at = connection.accepted().plus(event.after());
            switch (event.kind()) {
                case ACCEPTED, CONNECTED -> {}
                case FAULT -> comments.add("fault: " + event.detail());
                case NOTE -> comments.add("note: " + event.detail());
                case STEP, MISMATCH -> comments.add(event.detail());
                case HANDSHAKE ->
                    comments.add("TLS handshake: " + event.detail() + "; the packets have the text, not the records");
                case ALERT -> comments.add("TLS alert: " + event.detail());
                case RECEIVED, SENT -> data(at, event);
                case CLIENT_FIN -> {
                    packet(at, true, TcpPacket.FIN | TcpPacket.ACK, new byte[0], 0, 0, because(event));
                    clientNext++;
                    packet(at, false, TcpPacket.ACK, new byte[0], 0, 0, "");
                }
                case CLIENT_RST -> packet(at, true, TcpPacket.RST | TcpPacket.ACK, new byte[0], 0, 0, because(event));
                case SERVER_FIN -> {
                    packet(at, false, TcpPacket.FIN | TcpPacket.ACK, new byte[0], 0, 0, because(event));
                    serverNext++;
                    packet(at, true, TcpPacket.ACK, new byte[0], 0, 0, "");
                }
                case SERVER_RST, REJECTED ->
                    packet(at, false, TcpPacket.RST | TcpPacket.ACK, new byte[0], 0, 0, because(event));
            }
        }

        private String because(RecordedEvent event) {
            String why = event.detail();
            if (!why.isEmpty() && !comments.contains("fault: " + why) && !comments.contains(why)) {
                comments.add(why);
            }
            return taken();
        }

        /** Returns the comment of the next packet. */
        private String taken() {
            if (missing[0] > 0) {
                comments.add(missing[0] + " bytes more were received, not kept");
            }
            if (missing[1] > 0) {
                comments.add(missing[1] + " bytes more were sent, not kept");
            }
            Arrays.fill(missing, 0);
            String text = cut(String.join("; ", comments));
            comments.clear();
            return text;
        }

        private void data(Instant at, RecordedEvent event) {
            boolean fromClient = event.isByClient(connection.recordedBy());
            byte[] bytes = connection.bytes(event);
            for (int from = 0; from < bytes.length; from += SEGMENT) {
                int length = Math.min(SEGMENT, bytes.length - from);
                packet(at, fromClient, TcpPacket.PSH | TcpPacket.ACK, bytes, from, length, taken());
                next(fromClient, length);
                packet(at, !fromClient, TcpPacket.ACK, new byte[0], 0, 0, "");
            }
            // sequence numbers do not count bytes that are not kept, so that no packet looks lost
            missing[event.kind() == RecordedEvent.Kind.RECEIVED ? 0 : 1] += event.bytes() - bytes.length;
        }

        private void next(boolean fromClient, int length) {
            if (fromClient) {
                clientNext += length;
            } else {
                serverNext += length;
            }
        }

        private void packet(
                Instant at, boolean fromClient, int flags, byte[] bytes, int from, int length, String comment) {
            InetSocketAddress source = fromClient ? client : server;
            InetSocketAddress target = fromClient ? server : client;
            TcpPacket packet = new TcpPacket(
                    source, target, flags, fromClient ? clientNext : serverNext, fromClient ? serverNext : clientNext);
            packets.add(new Packet(at, packet.with(bytes, from, length), comment));
        }
    }
}
