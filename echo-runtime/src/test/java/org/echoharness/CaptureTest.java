package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.echoharness.replay.Capture;
import org.echoharness.replay.CaptureFormatException;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Captures that become scripts. */
@Timeout(120)
class CaptureTest {

    private static final String SESSION =
            "connection 1: expect line 'PING', send 'PONG\\r\\n', expect line 'QUIT', expect fin, send 'BYE\\r\\n'";

    @TempDir
    Path folder;

    private static CaptureBytes session(CaptureBytes capture) {
        return capture.handshake()
                .client("PI")
                .client("NG\r\n")
                .server("PONG\r\n")
                .client("QUIT\r\n")
                .packet(true, CaptureBytes.FIN | CaptureBytes.ACK, "")
                .server("BYE\r\n")
                .packet(false, CaptureBytes.FIN | CaptureBytes.ACK, "")
                .packet(true, CaptureBytes.ACK, "");
    }

    private Script script(byte[] capture) throws IOException {
        Path file = Files.createTempFile(folder, "a", ".bin");
        Files.write(file, capture);
        return Script.ofCapture(file);
    }

    private void refused(byte[] capture, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> script(capture))
                .withMessageMatching("capture \\(.*\\) cannot become a script: .*")
                .withMessageContaining(why);
    }

    static Stream<byte[]> forms() {
        List<byte[]> forms = new ArrayList<>();
        for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
            for (boolean isIpv6 : new boolean[] {false, true}) {
                for (CaptureBytes.Link link : CaptureBytes.Link.values()) {
                    forms.add(session(new CaptureBytes(link, isIpv6, 40_000, 5_432))
                            .pcapng(order));
                }
            }
            for (boolean isNanos : new boolean[] {false, true}) {
                forms.add(session(CaptureBytes.ethernet()).pcap(order, isNanos));
            }
        }
        return forms.stream();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void readsEveryForm(byte[] capture) throws Exception {
        assertThat(script(capture)).isEqualTo(Script.parse(SESSION));
    }

    @Test
    void frontEndsReadCaptureAsScriptFile() throws Exception {
        Path file = folder.resolve("session.pcapng");
        Files.write(file, session(CaptureBytes.ethernet()).pcapng(ByteOrder.nativeOrder()));
        try (EchoServer server =
                        EchoServer.builder().set("scriptFile", file.toString()).start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.send(socket, "PING\r\n");
            PlainSockets.receives(socket, "PONG\r\n");
            PlainSockets.send(socket, "QUIT\r\n");
            socket.shutdownOutput();
            PlainSockets.receives(socket, "BYE\r\n");
            PlainSockets.assertEnd(socket);
            assertThat(server.script()).isEqualTo(Script.parse(SESSION));
        }
    }

    /** The file of a relay has each conversation twice, with the client and with the server behind the relay. */
    @Test
    void readsConversationOfRelayOnce() throws Exception {
        try (EchoServer real = EchoServer.builder()
                        .script("expect line '*', send 'PONG\\n'")
                        .start();
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + real.port())
                        .recording()
                        .start()) {
            for (int i = 1; i <= 2; i++) {
                try (Socket socket = PlainSockets.connect(relay.address())) {
                    PlainSockets.send(socket, "PING " + i + "\n");
                    PlainSockets.receives(socket, "PONG\n");
                    Recordings.finish(socket);
                }
                Recordings.ended(relay, i);
            }
            byte[] file = Files.readAllBytes(
                    relay.recording().writeFiles(folder.resolve("relay")).packets());
            Script script = relay.recording().toScript();

            assertThat(script.toString()).contains("PING 1", "PING 2");
            assertThat(script(file)).isEqualTo(script);
            assertThat(script(withPort(file, relay.port()))).isEqualTo(script);
            assertThat(script(withPort(file, real.port()))).isEqualTo(script);
        }
    }

    /** Keeps the packets from and to a port. */
    private static byte[] withPort(byte[] file, int port) {
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        ByteBuffer all = ByteBuffer.wrap(file);
        int length;
        for (int at = 0; at < file.length; at += length) {
            length = all.getInt(at + 4);
            int ports = at + 8 + 20 + 20; // after the headers of the block, of the packet and of IP
            if (all.getInt(at) != 6
                    || Short.toUnsignedInt(all.getShort(ports)) == port
                    || Short.toUnsignedInt(all.getShort(ports + 2)) == port) {
                kept.write(file, at, length);
            }
        }
        return kept.toByteArray();
    }

    @RepeatedTest(100)
    void putsSegmentsInOrder() throws Exception {
        Random random = new Random();
        CaptureBytes capture = CaptureBytes.ethernet().handshake();
        StringBuilder sent = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            String bytes = "abcdefgh".substring(random.nextInt(7)) + i;
            sent.append(bytes);
            capture.client(bytes);
        }
        List<byte[]> data = capture.packets.subList(3, capture.packets.size());
        data.addAll(List.copyOf(data.subList(random.nextInt(7), 7))); // sent again
        Collections.shuffle(data, random);
        capture.packet(true, CaptureBytes.RST | CaptureBytes.ACK, "");

        assertThat(script(capture.pcapng(ByteOrder.LITTLE_ENDIAN)))
                .isEqualTo(Script.parse("connection 1: expect '" + sent + "'"));
    }

    @Test
    void keepsNewBytesOfOverlappingSegment() throws Exception {
        CaptureBytes capture = CaptureBytes.ethernet().handshake().client("abc");
        CaptureBytes again =
                CaptureBytes.ethernet().handshake().client("abcdef").server("x");
        capture.packets.addAll(again.packets.subList(3, 5));

        assertThat(script(capture.pcapng(ByteOrder.LITTLE_ENDIAN)))
                .isEqualTo(Script.parse("connection 1: expect 'abcdef', send 'x'"));
    }

    /** A number that is half of all numbers away is neither before nor after. */
    @Test
    void ignoresSegmentOfFarNumber() throws Exception {
        CaptureBytes capture =
                CaptureBytes.ethernet().handshake().client("a").client("b").server("c");
        byte[] far = capture.client("d").packets.remove(6);
        far[14 + 20 + 4] ^= (byte) 0x80; // of the sequence number, after the headers of Ethernet and IP
        capture.packets.add(far);

        assertThat(script(capture.pcapng(ByteOrder.LITTLE_ENDIAN)))
                .isEqualTo(Script.parse("connection 1: expect 'ab', send 'c'"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void ignoresBytesAfterFin(boolean isByClient) throws Exception {
        int fin = CaptureBytes.FIN | CaptureBytes.ACK;
        CaptureBytes capture =
                CaptureBytes.ethernet().handshake().client("a").server("b").packet(isByClient, fin, "");
        CaptureBytes longer = CaptureBytes.ethernet().handshake().client("a").server("b");
        capture.packets.add(longer.packet(isByClient, fin, "c").packets.get(5)); // in place of the FIN

        assertThat(script(capture.pcapng(ByteOrder.LITTLE_ENDIAN)))
                .isEqualTo(
                        Script.parse("connection 1: expect 'a', send 'b', " + (isByClient ? "expect fin" : "close")));
    }

    @Test
    void connectionsAreInOrderOfTheirSyns() throws Exception {
        CaptureBytes one = new CaptureBytes(CaptureBytes.Link.ETHERNET, false, 50_001, 6_379).handshake();
        CaptureBytes refused = new CaptureBytes(CaptureBytes.Link.ETHERNET, false, 50_002, 6_379)
                .packet(true, CaptureBytes.SYN, "")
                .packet(false, CaptureBytes.RST | CaptureBytes.ACK, "");
        CaptureBytes two = new CaptureBytes(CaptureBytes.Link.ETHERNET, false, 50_000, 6_379).handshake();
        two.client("second").packet(false, CaptureBytes.RST | CaptureBytes.ACK, "");
        CaptureBytes reused = new CaptureBytes(CaptureBytes.Link.ETHERNET, false, 50_000, 6_379);
        reused.packet(true, CaptureBytes.ACK, "other sequence numbers").packets.clear();
        reused.handshake().server("third").packet(false, CaptureBytes.FIN | CaptureBytes.ACK, "");
        reused.packet(true, CaptureBytes.FIN | CaptureBytes.ACK, "");
        one.server("first");
        List<byte[]> all = new ArrayList<>(one.packets.subList(0, 3));
        all.addAll(refused.packets);
        all.addAll(two.packets);
        all.addAll(reused.packets);
        all.addAll(one.packets.subList(3, 4));

        assertThat(script(one.pcapng(ByteOrder.BIG_ENDIAN, Integer.MAX_VALUE, all)))
                .isEqualTo(Script.parse("connection 1: send 'first';"
                        + "connection 2: expect 'second', reset; connection 3: send 'third', close"));
    }

    @Test
    void orderDecidesWhichEndIsServerWithoutSyn() throws Exception {
        CaptureBytes capture = CaptureBytes.ethernet().client("a").server("b");
        assertThat(script(capture.pcapng(ByteOrder.BIG_ENDIAN)))
                .isEqualTo(Script.parse("connection 1: expect 'a', send 'b'"));

        CaptureBytes answered = CaptureBytes.ethernet().handshake().server("hi");
        answered.packets.remove(0);
        assertThat(script(answered.pcapng(ByteOrder.BIG_ENDIAN))).isEqualTo(Script.parse("connection 1: send 'hi'"));

        CaptureBytes greeting = new CaptureBytes(CaptureBytes.Link.ETHERNET, false, 40_001, 5_432).server("hi");
        capture.packets.clear();
        capture.handshake().packets.addAll(greeting.packets);
        assertThat(script(capture.pcapng(ByteOrder.BIG_ENDIAN)))
                .isEqualTo(Script.parse("connection 1: expect fin; connection 2: send 'hi'"));
    }

    @Test
    void refusesLostSegments() {
        CaptureBytes lost = CaptureBytes.ethernet().handshake().client("abc").client("def");
        lost.packets.remove(3);
        refused(
                lost.pcapng(ByteOrder.BIG_ENDIAN),
                "packets of the connection from 10.0.0.1:40000 to 10.0.0.2:5432 are missing: 3 bytes that the client"
                        + " sent; capture again, with a larger buffer (tshark -B 64)");

        CaptureBytes lostAnswer =
                CaptureBytes.ethernet().handshake().server("abcd").packet(true, CaptureBytes.ACK, "");
        lostAnswer.packets.remove(3);
        refused(lostAnswer.pcapng(ByteOrder.BIG_ENDIAN), "are missing: 4 bytes that the server sent");
    }

    @Test
    void refusesPacketsThatAreCut() {
        CaptureBytes capture = CaptureBytes.ethernet().handshake().client("x".repeat(100));
        refused(
                capture.pcapng(ByteOrder.BIG_ENDIAN, 96, capture.packets),
                "packet 4 is cut off: 96 of its 158 bytes were captured; capture again with whole packets");
    }

    @Test
    void refusesWhatIsNoCapture() throws Exception {
        refused("#!/bin/sh\n".getBytes(ISO_8859_1), "it is no pcapng or pcap file, as it begins with \"#!/bin/s\"");
        refused(new byte[0], "it is no pcapng or pcap file: it is empty");
        refused(new byte[] {0x1F, (byte) 0x8B, 8, 0}, "it is compressed; unpack it with gunzip");
        byte[] whole = session(CaptureBytes.ethernet()).pcapng(ByteOrder.LITTLE_ENDIAN);
        refused(Arrays.copyOf(whole, whole.length - 2), "the file ends in the middle of a packet, after packet 10;");
        byte[] pcap = session(CaptureBytes.ethernet()).pcap(ByteOrder.LITTLE_ENDIAN, false);
        refused(Arrays.copyOf(pcap, pcap.length - 2), "the file ends in the middle of a packet, after packet 10;");
        whole[68] = 1; // the length of a block
        refused(whole, "is damaged");
        refused(new CaptureBytes(CaptureBytes.Link.RAW, false, 1, 2).pcapng(ByteOrder.BIG_ENDIAN), "it has no TCP");
        Path named = Files.writeString(folder.resolve("x.pcapng"), "send 'a'");
        assertThatThrownBy(
                        () -> EchoServer.builder().scriptFile(named.toString()).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("scriptFile (" + named + ") cannot become a script: it is no pcapng or pcap file, as it"
                        + " begins with \"send 'a'\"; give a capture of tshark or Wireshark, or a script under another"
                        + " name");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.ofCapture(folder.resolve("none.pcapng")))
                .withMessageContaining("none.pcapng) cannot be read: No such file or directory");
    }

    @Test
    void refusesSeveralServers() {
        CaptureBytes one = CaptureBytes.ethernet().handshake();
        one.packets.addAll(new CaptureBytes(CaptureBytes.Link.ETHERNET, false, 40_000, 80).handshake().packets);
        refused(one.pcapng(ByteOrder.BIG_ENDIAN), "it has connections to the ports [80, 5432]; keep those of one");
    }

    @Test
    void refusesUnknownLink() {
        byte[] capture = session(CaptureBytes.ethernet()).pcapng(ByteOrder.BIG_ENDIAN);
        capture[28 + 9] = (byte) 127; // the type of the link
        refused(capture, "packet 1 has the link type 127, which is not supported; capture on Ethernet");
    }

    @Test
    void neverFailsOnDamagedFiles() {
        Random random = new Random();
        byte[] capture = session(CaptureBytes.ethernet()).pcapng(ByteOrder.BIG_ENDIAN);
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = Arrays.copyOf(capture, 4 + random.nextInt(capture.length - 3));
            for (int j = random.nextInt(4); j > 0; j--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            try {
                Capture.steps(damaged);
            } catch (CaptureFormatException refused) {
                assertThat(refused).hasMessageMatching("(?s).+");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Ending.How.class)
    void readsOwnRecordings(Ending.How how) throws Exception {
        String end = how == Ending.How.RST ? "reset" : "close";
        try (EchoServer server = EchoServer.builder()
                .script("expect 8, send 'answer \\x00\\xff', expect line '*', " + end)
                .recording()
                .start()) {
            for (int i = 1; i <= 3; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.send(socket, "question");
                    PlainSockets.receives(socket, "answer \0\u00ff");
                    PlainSockets.send(socket, "more " + i + "\n");
                    try {
                        assertThat(socket.getInputStream().read()).isNegative();
                    } catch (IOException reset) {
                        assertThat(how).isEqualTo(Ending.How.RST);
                    }
                }
                Recordings.ended(server, i);
            }
            RecordingFiles files = server.recording().writeFiles(folder);

            assertThat(Script.ofCapture(files.packets()))
                    .isEqualTo(server.recording().toScript());
        }
    }

    @Test
    void refusesRecordingThatIsCut() throws Exception {
        try (EchoServer server = EchoServer.builder().recording(4, 10).start()) {
            try (Socket socket = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(socket, "hello");
                Recordings.finish(socket);
            }
            Recordings.ended(server, 1);
            RecordingFiles files = server.recording().writeFiles(folder);

            refused(
                    Files.readAllBytes(files.packets()),
                    "it is a recording that is not complete (1 bytes more were received, not kept); raise recording,"
                            + " and record again");
        }
    }
}
