package org.echoharness.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The headers of the PROXY protocol: right ones and wrong ones, cut everywhere. No socket takes part. */
@Timeout(60)
class HeaderInputTest {

    private static final String SIGNATURE = "0D0A0D0A000D0A515549540A";
    private static final String V4 = "C0000201C6336407DC0401BB"; // 192.0.2.1:56324 to 198.51.100.7:443
    private static final String V6 =
            "20010DB8000000000000000000000001" + "00000000000000000000000000000001" + "DC0401BB";
    private static final byte[] PAYLOAD = "PROXY TCP4 is payload now\r\n".getBytes(ISO_8859_1);

    /** A header and what it says. */
    record Valid(String latin1, String says) {
        byte[] header() {
            return latin1.getBytes(ISO_8859_1);
        }

        @Override
        public String toString() {
            return says + " in " + latin1.length() + " bytes";
        }
    }

    private static Valid line(String line, String says) {
        return new Valid(line + "\r\n", "version 1, " + says);
    }

    private static String line(ProxyHeader header) {
        return ISO_8859_1.decode(header.bytes()).toString();
    }

    private static String hex(ProxyHeader header) {
        return HexFormat.of().withUpperCase().formatHex(bytes(header));
    }

    private static byte[] bytes(ProxyHeader header) {
        ByteBuffer buffer = header.bytes();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /** @param hex what follows the signature */
    private static Valid binary(String hex, String says) {
        return new Valid(new String(HexFormat.of().parseHex(SIGNATURE + hex), ISO_8859_1), "version 2, " + says);
    }

    private static String path(String path) {
        return HexFormat.of().formatHex(path.getBytes(ISO_8859_1)) + "00".repeat(108 - path.length());
    }

    static Stream<Valid> headers() {
        return Stream.of(
                line("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443", "TCP4 192.0.2.1:56324 to 198.51.100.7:443"),
                line("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535", "TCP4 0.0.0.0:0 to 255.255.255.255:65535"),
                line("PROXY TCP6 2001:db8::1 ::1 56324 443", "TCP6 [2001:db8::1]:56324 to [::1]:443"),
                line("PROXY TCP6 :: 2001:DB8:0:0:0:0:0:1 1 2", "TCP6 [::]:1 to [2001:db8::1]:2"),
                line("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2", "TCP6 [::ffff:c000:201]:1 to [::1]:2"),
                line(
                        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
                                + " 65535 65535",
                        "TCP6 [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 to"
                                + " [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
                line("PROXY UNKNOWN", "UNKNOWN"),
                line("PROXY UNKNOWN ", "UNKNOWN"),
                line("PROXY UNKNOWN ffff::1  \0\t and whatever 1.2.3.4", "UNKNOWN"),
                line("PROXY UNKNOWN " + "x".repeat(91), "UNKNOWN"), // 107 bytes
                binary("2111000C" + V4, "TCP4 192.0.2.1:56324 to 198.51.100.7:443"),
                binary("21210024" + V6, "TCP6 [2001:db8::1]:56324 to [::1]:443"),
                binary("2111000F" + V4 + "040000", "TCP4 192.0.2.1:56324 to 198.51.100.7:443"), // a TLV
                binary("2111FFFF" + V4 + "04".repeat(65_535 - 12), "TCP4 192.0.2.1:56324 to 198.51.100.7:443"),
                binary("213100D8" + path("/tmp/a") + path("/b"), "UNIX unix:/tmp/a to unix:/b"),
                binary("213100D8" + path("") + path("\0x"), "UNIX an unnamed socket to an unnamed socket"),
                binary("20000000", "LOCAL"),
                binary("2011000C" + V4, "LOCAL"),
                binary("20110003" + "010203", "LOCAL"), // its addresses do not count, and need not be complete
                binary("20FF0003" + "010203", "LOCAL"), // nor does its family
                binary("2000FFFF" + "04".repeat(65_535), "LOCAL"),
                binary("21000000", "UNSPEC"),
                binary("21000005" + "0102030405", "UNSPEC"),
                binary("2110000C" + V4, "UNSPEC"),
                binary("2101000C" + V4, "UNSPEC"),
                binary("2112000C" + V4, "UDP4"),
                binary("21220024" + V6, "UDP6"),
                binary("213200D8" + path("/a") + path("/b"), "UNIX datagram"));
    }

    /** Reads a header that comes in two pieces. Returns what it says, and how many bytes were read. */
    private static String read(byte[] header, int cut, HeaderVersion required) throws IOException {
        byte[] all = new byte[header.length + PAYLOAD.length];
        System.arraycopy(header, 0, all, 0, header.length);
        System.arraycopy(PAYLOAD, 0, all, header.length, PAYLOAD.length);
        PiecewiseInput socket = new PiecewiseInput(all);
        HeaderInput input = new HeaderInput(socket, required, 0, 0);
        socket.comesTo(cut);
        boolean isOver = input.advance(0);
        assertThat(isOver).as("over after %d of %d", cut, header.length).isEqualTo(cut >= header.length);
        socket.comesTo(all.length);
        assertThat(input.advance(0)).isTrue();
        assertThat(input.expected() + input.seen()).isEmpty();
        return input.header() + " in " + socket.read() + " bytes";
    }

    @ParameterizedTest
    @MethodSource("headers")
    void readsHeaderAndNoByteMoreWhereverItIsCut(Valid valid) throws IOException {
        int step = valid.header().length < 1_000 ? 1 : 5_957; // the next test cuts the long ones at each byte
        for (int cut = 0; cut <= valid.header().length + 1; cut += step) {
            assertThat(read(valid.header(), cut, HeaderVersion.REQUIRED))
                    .as("cut at %d", cut)
                    .hasToString(valid.toString());
        }
    }

    @ParameterizedTest
    @MethodSource("headers")
    void readsHeaderThatComesByteByByte(Valid valid) throws IOException {
        PiecewiseInput socket = new PiecewiseInput(valid.header());
        HeaderInput input = new HeaderInput(socket, HeaderVersion.REQUIRED, 0, 0);
        for (int i = 0; i < valid.header().length; i++) {
            assertThat(input.advance(0)).isFalse();
            socket.comesTo(i + 1);
        }
        assertThat(input.advance(0)).isTrue();
        assertThat(input.header()).hasToString(valid.says());
    }

    @ParameterizedTest
    @MethodSource("headers")
    void takesOnlyRequiredVersion(Valid valid) throws IOException {
        boolean isFirst = valid.says().startsWith("version 1");
        HeaderVersion own = isFirst ? HeaderVersion.V1 : HeaderVersion.V2;
        HeaderVersion other = isFirst ? HeaderVersion.V2 : HeaderVersion.V1;

        assertThat(read(valid.header(), 0, own)).isEqualTo(valid.toString());

        PiecewiseInput socket = new PiecewiseInput(valid.header());
        socket.comesTo(valid.header().length);
        HeaderInput refused = new HeaderInput(socket, other, 0, 0);
        assertThat(refused.advance(0)).isTrue();
        assertThat(refused.header()).isNull();
        assertThat(refused.expected()).isEqualTo("a PROXY header of version " + (isFirst ? "2" : "1"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "GET / HTTP/1.1\\r\\n|a PROXY header of version 1 or 2",
                "proxy TCP4 1.2.3.4 1.2.3.4 1 1\\r\\n|a PROXY header of version 1 or 2",
                "PROXY\\tTCP4 1.2.3.4 1.2.3.4 1 1\\r\\n|a PROXY header of version 1 or 2",
                "PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\\r\\n|TCP4, TCP6 or UNKNOWN after PROXY",
                "PROXY TCP 1.2.3.4 1.2.3.4 1 1\\r\\n|TCP4, TCP6 or UNKNOWN after PROXY",
                "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\\r\\n|TCP4, TCP6 or UNKNOWN after PROXY",
                "PROXY UNKNOWNS\\r\\n|TCP4, TCP6 or UNKNOWN after PROXY",
                "PROXY TCP4\\r\\n|two addresses and two ports, with one space before each",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1\\r\\n|two addresses and two ports, with one space before each",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \\r\\n|CR and LF after the two ports",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\\r\\n|CR and LF after the two ports",
                "PROXY TCP4 1.2.3.4  1.2.3.4 1 1\\r\\n|CR and LF after the two ports",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\\n|a line that ends with CR and LF",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\\r\\r\\n|a line that ends with CR and LF",
                "PROXY TCP4 1.2.3 1.2.3.4 1 1\\r\\n|an IPv4 address as the source",
                "PROXY TCP4 1.2.3.4.5 1.2.3.4 1 1\\r\\n|an IPv4 address as the source",
                "PROXY TCP4 1.2.3.256 1.2.3.4 1 1\\r\\n|an IPv4 address as the source",
                "PROXY TCP4 1.2.3.04 1.2.3.4 1 1\\r\\n|an IPv4 address as the source",
                "PROXY TCP4 1.2..4 1.2.3.4 1 1\\r\\n|an IPv4 address as the source",
                "PROXY TCP4 localhost 1.2.3.4 1 1\\r\\n|an IPv4 address as the source",
                "PROXY TCP4 ::1 ::1 1 1\\r\\n|an IPv4 address as the source",
                "PROXY TCP4 1.2.3.4 1.2.3.-4 1 1\\r\\n|an IPv4 address as the destination",
                "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\\r\\n|an IPv6 address as the source",
                "PROXY TCP6 ::g ::1 1 1\\r\\n|an IPv6 address as the source",
                "PROXY TCP6 ::1%lo ::1 1 1\\r\\n|an IPv6 address as the source",
                "PROXY TCP6 [::1] ::1 1 1\\r\\n|an IPv6 address as the source",
                "PROXY TCP6 ::00001 ::1 1 1\\r\\n|an IPv6 address as the source",
                "PROXY TCP6 1::2::3 ::1 1 1\\r\\n|an IPv6 address as the source",
                "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 1\\r\\n|an IPv6 address as the source",
                "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 1\\r\\n|an IPv6 address as the source",
                "PROXY TCP6 ::1 1.2.3.4:: 1 1\\r\\n|an IPv6 address as the destination",
                "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\\r\\n|a port from 0 to 65535 as the source, without zeros before the number",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 01\\r\\n|a port from 0 to 65535 as the destination, without zeros before the number",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 +1\\r\\n|a port from 0 to 65535 as the destination, without zeros before the number",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 \\r\\n|a port from 0 to 65535 as the destination, without zeros before the number",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 123456\\r\\n|a port from 0 to 65535 as the destination, without zeros before the number",
            })
    void refusesWrongLine(String line, String expected) throws IOException {
        String bytes = line.translateEscapes();
        assertThat(refused(bytes.getBytes(ISO_8859_1))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "11110000, version 2 with the command LOCAL or PROXY (byte 13: 0x20 or 0x21)",
        "31110000, version 2 with the command LOCAL or PROXY (byte 13: 0x20 or 0x21)",
        "22110000, version 2 with the command LOCAL or PROXY (byte 13: 0x20 or 0x21)",
        "02110000, version 2 with the command LOCAL or PROXY (byte 13: 0x20 or 0x21)",
        "21410000, an address family from 0 to 3 and a transport from 0 to 2 (byte 14)",
        "21F10000, an address family from 0 to 3 and a transport from 0 to 2 (byte 14)",
        "21130000, an address family from 0 to 3 and a transport from 0 to 2 (byte 14)",
        "2111000B, at least 12 bytes of addresses (bytes 15 and 16: 11)",
        "21210023, at least 36 bytes of addresses (bytes 15 and 16: 35)",
        "213100D7, at least 216 bytes of addresses (bytes 15 and 16: 215)",
        "2112000B, at least 12 bytes of addresses (bytes 15 and 16: 11)"
    })
    void refusesWrongBytes(String hex, String expected) throws IOException {
        assertThat(refused(HexFormat.of().parseHex(SIGNATURE + hex))).isEqualTo(expected);
    }

    @Test
    void refusesLineThatIsTooLong() throws IOException {
        String line = "PROXY UNKNOWN " + "x".repeat(92) + "\r\n"; // 108 bytes
        assertThat(refused(line.getBytes(ISO_8859_1))).isEqualTo("a line of at most 107 bytes with CR and LF");
    }

    /** Returns what was expected. Bytes that come in pieces are refused with the same words, or more of them have to come. */
    private static String refused(byte[] bytes) throws IOException {
        PiecewiseInput socket = new PiecewiseInput(bytes);
        HeaderInput input = new HeaderInput(socket, HeaderVersion.REQUIRED, 0, 0);
        socket.comesTo(bytes.length);
        assertThat(input.advance(0)).isTrue();
        assertThat(input.header()).isNull();
        for (int cut = 0; cut <= bytes.length; cut++) {
            PiecewiseInput pieces = new PiecewiseInput(bytes);
            HeaderInput cutInput = new HeaderInput(pieces, HeaderVersion.REQUIRED, 0, 0);
            pieces.comesTo(cut);
            cutInput.advance(0);
            pieces.comesTo(bytes.length);
            assertThat(cutInput.advance(0)).isTrue();
            assertThat(cutInput.header()).as("cut at %d", cut).isNull();
            assertThat(cutInput.expected()).as("cut at %d", cut).isNotEmpty();
        }
        return input.expected();
    }

    @Test
    void showsWhatHasCome() throws IOException {
        byte[] bytes = "\r\nGET / HTTP/1.1\r\n".getBytes(ISO_8859_1);
        PiecewiseInput socket = new PiecewiseInput(bytes);
        HeaderInput input = new HeaderInput(socket, HeaderVersion.REQUIRED, 0, 0);
        socket.comesTo(bytes.length);

        assertThat(input.advance(0)).isTrue();

        assertThat(input.seen()).isEqualTo("\"\\r\\nGET / HTTP/1.\"");
    }

    @Test
    void showsBeginningOfLongHeader() throws IOException {
        byte[] bytes = HexFormat.of().parseHex(SIGNATURE + "2111FFFF" + V4 + "78".repeat(300));
        PiecewiseInput socket = new PiecewiseInput(bytes);
        HeaderInput input = new HeaderInput(socket, HeaderVersion.V2, 0, 0);
        socket.comesTo(bytes.length);
        socket.ends();

        assertThat(input.advance(0)).isTrue();

        assertThat(input.seen())
                .startsWith("the client's FIN after \"\\r\\n")
                .endsWith("\\x01\\xbb" + "x".repeat(232 - 28) + "\" and 96 more bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 20, 33})
    void finWithinHeaderIsWrong(int size) throws IOException {
        byte[] bytes = "PROXY TCP4 1.2.3.4 1.2.3.4 11 11\r\n".getBytes(ISO_8859_1);
        PiecewiseInput socket = new PiecewiseInput(bytes);
        HeaderInput input = new HeaderInput(socket, HeaderVersion.V1, 0, 0);
        socket.comesTo(size);
        socket.ends();

        assertThat(input.advance(0)).isTrue();

        assertThat(input.expected()).isEqualTo("a PROXY header of version 1");
        assertThat(input.seen()).startsWith("the client's FIN after \"PROXY".substring(0, 25));
    }

    @Test
    void finWithoutHeaderIsNoMistake() throws IOException {
        PiecewiseInput socket = new PiecewiseInput(new byte[0]);
        HeaderInput input = new HeaderInput(socket, HeaderVersion.REQUIRED, 0, 0);
        socket.ends();

        assertThat(input.advance(0)).isTrue();

        assertThat(input.header()).isNull();
        assertThat(input.expected()).isEmpty();
    }

    @Test
    void headerIsLateAfterFiveSeconds() throws IOException {
        PiecewiseInput socket = new PiecewiseInput("PROXY ".getBytes(ISO_8859_1));
        HeaderInput input = new HeaderInput(
                socket, HeaderVersion.REQUIRED, Duration.ofMinutes(1).toNanos(), 0);
        socket.comesTo(6);
        long almost = Duration.ofSeconds(5).toNanos() - 1;

        assertThat(input.advance(almost)).isFalse();
        assertThat(input.untilLate(almost)).isEqualTo(1);
        assertThat(input.advance(almost + 1)).isTrue();

        assertThat(input.expected()).isEqualTo("a PROXY header of version 1 or 2 within 5s");
        assertThat(input.seen()).isEqualTo("\"PROXY \"");
    }

    @Test
    void headerIsLateAfterShorterIdleTime() throws IOException {
        HeaderInput input = new HeaderInput(
                new PiecewiseInput(new byte[0]),
                HeaderVersion.V2,
                Duration.ofMillis(50).toNanos(),
                7);
        input.restart(1_000);

        assertThat(input.advance(50_000_999)).isFalse();
        assertThat(input.advance(50_001_000)).isTrue();

        assertThat(input.expected()).isEqualTo("a PROXY header of version 2 within 50ms");
        assertThat(input.seen()).isEqualTo("nothing");
    }

    private static InetSocketAddress random(Random random, int length) throws IOException {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        for (int i = 0; i < length; i++) {
            bytes[i] = random.nextInt(3) == 0 ? 0 : bytes[i];
        }
        return new InetSocketAddress(InetAddress.getByAddress(bytes), random.nextInt(65_536));
    }

    @Test
    void readsWhatIsSent() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            int kind = random.nextInt(5);
            SocketAddress client = kind == 4
                    ? UnixDomainSocketAddress.of("/tmp/" + random.nextInt(100))
                    : random(random, kind % 2 == 0 ? 4 : 16);
            SocketAddress server = kind == 4 ? UnixDomainSocketAddress.of("") : random(random, kind < 2 ? 4 : 16);
            HeaderVersion version = random.nextBoolean() ? HeaderVersion.V1 : HeaderVersion.V2;
            ProxyHeader sent = ProxyHeader.of(version, client, server);
            byte[] header = bytes(sent);
            String read = read(header, random.nextInt(header.length), HeaderVersion.REQUIRED);
            boolean isMapped = sent.family().equals("TCP6") && (kind == 0 || kind == 1 || kind == 2);
            if (!isMapped && !read.equals(sent + " in " + header.length + " bytes")) {
                wrong.add(sent + ": " + read);
            }
            assertThat(read).startsWith("version " + (version == HeaderVersion.V1 ? 1 : 2) + ", " + sent.family());
        }
        assertThat(wrong).as("seed %d", seed).isEmpty();
    }

    @Test
    void mapsAddressOfOtherFamily() throws IOException {
        InetSocketAddress v4 = PlainSockets.at("192.0.2.1", 7);
        InetSocketAddress v6 = PlainSockets.at("::1", 8);

        assertThat(line(ProxyHeader.of(HeaderVersion.V1, v4, v6))).isEqualTo("PROXY TCP6 ::ffff:192.0.2.1 ::1 7 8\r\n");
        assertThat(hex(ProxyHeader.of(HeaderVersion.V2, v4, v6)).substring(32, 64))
                .isEqualTo("00000000000000000000FFFFC0000201");
    }

    @Test
    void sendsNoScopeAndNoUnknownAddress() throws IOException {
        SocketAddress scoped = PlainSockets.at("fe80::1%1", 7);

        assertThat(line(ProxyHeader.of(HeaderVersion.V1, scoped, scoped)))
                .isEqualTo("PROXY TCP6 fe80::1 fe80::1 7 7\r\n");
        assertThat(line(ProxyHeader.of(HeaderVersion.V1, null, scoped))).isEqualTo("PROXY UNKNOWN\r\n");
        assertThat(hex(ProxyHeader.of(HeaderVersion.V2, null, null))).isEqualTo(SIGNATURE + "21000000");
    }

    /** Right headers in which a few bytes are others, and bytes without sense: each ends, and takes no byte too many. */
    @Test
    void bytesWithoutSenseEnd() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<Valid> all = headers().toList();
        for (int i = 0; i < 10_000; i++) {
            byte[] bytes = all.get(random.nextInt(all.size())).header().clone();
            for (int changes = random.nextInt(3); changes >= 0; changes--) {
                bytes[random.nextInt(bytes.length)] =
                        (byte) (random.nextBoolean() ? random.nextInt(256) : " \r\n:.0".charAt(random.nextInt(6)));
            }
            if (random.nextInt(10) == 0) {
                random.nextBytes(bytes);
            }
            PiecewiseInput socket = new PiecewiseInput(bytes);
            HeaderInput input = new HeaderInput(socket, HeaderVersion.REQUIRED, 0, 0);
            socket.comesTo(bytes.length);
            socket.ends();
            boolean isOver = input.advance(0);
            if (!isOver || (input.header() == null) == input.expected().isEmpty()) {
                fail("seed %d: header %s, expected %s", seed, input.header(), input.expected());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"on, 'none, required, v1 or v2'", "V1, 'none, required, v1 or v2'", "'', 'none, required, v1 or v2'"})
    void refusesOtherVersions(String text, String cure) {
        assertThatThrownBy(() -> HeaderVersion.expected("proxyProtocol", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("proxyProtocol (" + text + ") must be " + cure);
        assertThatThrownBy(() -> HeaderVersion.sent("upstreamProxyProtocol", "required"))
                .hasMessage("upstreamProxyProtocol (required) must be none, v1 or v2");
    }

    @Test
    void loadsItsClasses() {
        HeaderInput.load(); // fails if a sample is no header
        assertThat(HeaderVersion.expected("proxyProtocol", " v2 ")).isEqualTo(HeaderVersion.V2);
        assertThat(HeaderVersion.sent("upstreamProxyProtocol", "none")).isNull();
    }
}
