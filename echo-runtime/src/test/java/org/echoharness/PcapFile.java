package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Reads a pcapng file with one section of raw IP packets, and checks all that it passes: lengths, padding, checksums. */
record PcapFile(String comment, List<Segment> segments) {

    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int PSH = 8;
    static final int ACK = 16;

    /** One packet. The sequence numbers are unsigned, the payload has a character for each byte. */
    record Segment(
            Instant at,
            InetSocketAddress from,
            InetSocketAddress to,
            long sequence,
            long acknowledged,
            int flags,
            String payload,
            String comment) {

        boolean is(int flag) {
            return (flags & flag) != 0;
        }

        /** "SYN ACK", "PSH ACK 5". */
        String text() {
            String text = (is(SYN) ? "SYN " : "")
                    + (is(FIN) ? "FIN " : "")
                    + (is(RST) ? "RST " : "")
                    + (is(PSH) ? "PSH " : "")
                    + (is(ACK) ? "ACK " : "")
                    + (payload.isEmpty() ? "" : payload.length());
            return text.strip();
        }
    }

    static PcapFile read(Path file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file));
        assertThat(in.getInt(8)).as("byte-order magic").isEqualTo(0x1A2B3C4D);
        ByteBuffer section = block(in, 0x0A0D0D0A);
        section.getInt();
        assertThat(section.getInt()).as("version 1.0").isEqualTo(1 << 16);
        assertThat(section.getLong()).as("section of no stated length").isEqualTo(-1);
        String about = comment(section);

        ByteBuffer description = block(in, 1);
        assertThat(description.getShort()).as("LINKTYPE_RAW").isEqualTo((short) 101);
        assertThat(description.getShort()).as("reserved").isZero();
        assertThat(description.getInt()).as("no limit of length").isZero();
        assertThat(description.getShort()).as("if_tsresol").isEqualTo((short) 9);
        assertThat(description.getShort()).isEqualTo((short) 1);
        assertThat(description.get()).as("nanoseconds").isEqualTo((byte) 9);

        List<Segment> segments = new ArrayList<>();
        while (in.hasRemaining()) {
            segments.add(packet(block(in, 6)));
        }
        return new PcapFile(about, segments);
    }

    /** The body of the next block. */
    private static ByteBuffer block(ByteBuffer in, int type) {
        int start = in.position();
        assertThat(in.getInt()).as("type of the block at " + start).isEqualTo(type);
        int length = in.getInt();
        assertThat(length % 4).isZero();
        assertThat(length).isBetween(12, in.remaining() + 8);
        assertThat(in.getInt(start + length - 4))
                .as("length at the block's end")
                .isEqualTo(length);
        in.position(start + length);
        return in.slice(start + 8, length - 12).order(ByteOrder.BIG_ENDIAN);
    }

    private static Segment packet(ByteBuffer body) throws IOException {
        assertThat(body.getInt()).as("interface").isZero();
        long nanos = ((long) body.getInt() << 32) | (body.getInt() & 0xFFFFFFFFL);
        int captured = body.getInt();
        assertThat(body.getInt()).as("original length").isEqualTo(captured);
        ByteBuffer ip = body.slice(body.position(), captured);
        body.position(body.position() + padded(captured));
        String comment = comment(body);
        Instant at = Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000);
        return ip.get(0) >> 4 == 4 ? ipv4(at, ip, comment) : ipv6(at, ip, comment);
    }

    /** The one option that there may be, up to the end of the block. */
    private static String comment(ByteBuffer body) {
        if (!body.hasRemaining()) {
            return "";
        }
        assertThat(body.getShort()).as("opt_comment").isEqualTo((short) 1);
        byte[] text = new byte[body.getShort() & 0xFFFF];
        body.get(text);
        body.position(body.position() + padded(text.length) - text.length);
        assertThat(body.getInt()).as("opt_endofopt").isZero();
        assertThat(body.hasRemaining()).isFalse();
        return new String(text, StandardCharsets.UTF_8);
    }

    private static Segment ipv4(Instant at, ByteBuffer ip, String comment) throws IOException {
        assertThat(ip.get(0)).as("version 4, 5 words").isEqualTo((byte) 0x45);
        assertThat(ip.getShort(2) & 0xFFFF).as("total length").isEqualTo(ip.capacity());
        assertThat(ip.get(8)).as("time to live").isPositive();
        assertThat(ip.get(9)).as("TCP").isEqualTo((byte) 6);
        assertThat(sum(0, ip.slice(0, 20))).as("sum of the IPv4 header").isEqualTo(0xFFFF);
        return tcp(at, ip.slice(12, 4), ip.slice(16, 4), ip.slice(20, ip.capacity() - 20), comment);
    }

    private static Segment ipv6(Instant at, ByteBuffer ip, String comment) throws IOException {
        assertThat(ip.getInt(0)).as("version 6").isEqualTo(6 << 28);
        assertThat(ip.getShort(4) & 0xFFFF).as("payload length").isEqualTo(ip.capacity() - 40);
        assertThat(ip.get(6)).as("TCP").isEqualTo((byte) 6);
        assertThat(ip.get(7)).as("hop limit").isPositive();
        return tcp(at, ip.slice(8, 16), ip.slice(24, 16), ip.slice(40, ip.capacity() - 40), comment);
    }

    private static Segment tcp(Instant at, ByteBuffer source, ByteBuffer target, ByteBuffer tcp, String comment)
            throws IOException {
        int pseudo = sum(sum(6 + tcp.capacity(), source), target);
        assertThat(sum(pseudo, tcp)).as("sum of the TCP segment").isEqualTo(0xFFFF);
        assertThat(tcp.get(12)).as("5 words").isEqualTo((byte) 0x50);
        byte[] payload = new byte[tcp.capacity() - 20];
        tcp.get(20, payload);
        return new Segment(
                at,
                address(source, tcp.getShort(0)),
                address(target, tcp.getShort(2)),
                tcp.getInt(4) & 0xFFFFFFFFL,
                tcp.getInt(8) & 0xFFFFFFFFL,
                tcp.get(13),
                new String(payload, StandardCharsets.ISO_8859_1),
                comment);
    }

    private static InetSocketAddress address(ByteBuffer bytes, short port) throws IOException {
        byte[] raw = new byte[bytes.capacity()];
        bytes.get(0, raw);
        return new InetSocketAddress(InetAddress.getByAddress(raw), port & 0xFFFF);
    }

    private static int padded(int length) {
        return (length + 3) / 4 * 4;
    }

    /** The ones' complement sum of RFC 1071. */
    private static int sum(int start, ByteBuffer bytes) {
        int sum = start;
        for (int i = 0; i < bytes.capacity(); i++) {
            sum += i % 2 == 0 ? (bytes.get(i) & 0xFF) << 8 : bytes.get(i) & 0xFF;
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }
}
