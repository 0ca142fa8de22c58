package org.echoharness.wire;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/** A packet of a file as tshark understands it; its payload in hexadecimal. */
record Packet(
        int stream,
        String source,
        int flags,
        String payload,
        String comment,
        String analysis,
        List<String> warnings,
        boolean isIntact,
        Instant at) {

    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;

    private static final int WARNING = 0x60_0000;
    private static final String GOOD = "1";
    private static final List<String> FIELDS = List.of(
            "tcp.stream",
            "ip.src",
            "ipv6.src",
            "tcp.srcport",
            "tcp.flags",
            "tcp.payload",
            "frame.comment",
            "tcp.analysis.flags",
            "_ws.expert.severity",
            "_ws.expert.message",
            "ip.checksum.status",
            "tcp.checksum.status",
            "frame.time_epoch");

    /** Every packet of the file, with all checksums checked; no port means more than that it is one. */
    static List<Packet> read(Program tshark, Path file) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("-n", "-r", file.toString(), "-d", "tcp.port==1-65535,data"));
        arguments.addAll(List.of("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"));
        arguments.addAll(List.of("-T", "fields", "-E", "aggregator=|"));
        FIELDS.forEach(field -> arguments.addAll(List.of("-e", field)));
        return tshark.run(file.getParent(), arguments).lines().map(Packet::of).toList();
    }

    private static Packet of(String line) {
        String[] fields = line.split("\t", -1);
        int at = 0;
        int stream = Integer.parseInt(fields[at++]);
        String ipv4 = fields[at++];
        String ipv6 = fields[at++];
        String port = fields[at++];
        int flags = Integer.decode(fields[at++]);
        String payload = fields[at++].replace(":", ""); // as older ones write it
        String comment = fields[at++];
        String analysis = fields[at++];
        List<String> warnings = warnings(fields[at++], fields[at++]);
        boolean isIntact = fields[at++].equals(ipv4.isEmpty() ? "" : GOOD) && fields[at++].equals(GOOD);
        BigDecimal seconds = new BigDecimal(fields[at]);
        return new Packet(
                stream,
                ipv4.isEmpty() ? "[" + ipv6 + "]:" + port : ipv4 + ":" + port,
                flags,
                payload,
                comment,
                analysis,
                warnings,
                isIntact,
                Instant.ofEpochSecond(
                        seconds.longValue(),
                        seconds.remainder(BigDecimal.ONE).movePointRight(9).longValue()));
    }

    private static List<String> warnings(String severities, String messages) {
        List<String> warnings = new ArrayList<>();
        String[] severity = severities.split("\\|", -1);
        String[] message = messages.split("\\|", -1);
        for (int i = 0; !severities.isEmpty() && i < severity.length; i++) {
            if (Integer.decode(severity[i]) >= WARNING) {
                warnings.add(message[i]);
            }
        }
        return warnings;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    int length() {
        return payload.length() / 2;
    }

    static byte[] payload(List<Packet> packets) {
        return HexFormat.of().parseHex(packets.stream().map(Packet::payload).collect(Collectors.joining()));
    }
}
