package org.echoharness.replay;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.echoharness.script.Step;
import org.jspecify.annotations.Nullable;

/** Makes scripts from captures of tshark, Wireshark and others, and from the pcapng files of recordings. */
public final class Capture implements CaptureFile.Reader {

    private static final Pattern NOT_KEPT = Pattern.compile(
            "\\d+ (bytes more were (received|sent)|events more|connections? more), not kept|\\d+ connections? left out");

    private static final Pattern UPSTREAM =
            Pattern.compile("(^|; )upstream of connection \\d+, whose other leg is from ");

    private final List<CapturedConnection> connections = new ArrayList<>();
    private final Set<CapturedConnection> upstreams = new HashSet<>(); // of a relay, by the comments of its recording
    private final Map<String, CapturedConnection> newest = new HashMap<>(); // by both ends
    private boolean isUpstream; // the next packet begins such a connection
    private int packets;

    private Capture() {}

    /**
     * Returns the steps of each connection, in the order of their SYNs. Attempts to connect that were refused are left out,
     * and in the recording of a relay its connections to the server behind it.
     *
     * @param file a pcapng or pcap file
     * @return for each connection the steps of the server
     * @throws CaptureFormatException if the file is no such capture, or if bytes, packets or connections are missing in it
     */
    public static List<List<Step>> steps(byte[] file) throws CaptureFormatException {
        Capture capture = new Capture();
        CaptureFile.read(file, capture);
        List<List<Step>> steps = new ArrayList<>();
        for (CapturedConnection connection : capture.served()) {
            List<Step> ofOne = new ArrayList<>();
            SessionSteps.of(connection.session(), null, part -> add(part.step(), ofOne));
            steps.add(ofOne);
        }
        return steps;
    }

    private static void add(@Nullable Step step, List<Step> to) {
        if (step != null) {
            to.add(step);
        }
    }

    @Override
    public void comment(String text) throws CaptureFormatException {
        Matcher matcher = NOT_KEPT.matcher(text);
        if (matcher.find()) {
            throw new CaptureFormatException("it is a recording that is not complete (" + matcher.group()
                    + "); raise recording, and record again");
        }
        isUpstream |= UPSTREAM.matcher(text).find();
    }

    @Override
    public void packet(CaptureFile.Packet packet) throws CaptureFormatException {
        packets++;
        boolean isOfUpstream = isUpstream;
        isUpstream = false;
        TcpSegment segment = PacketDecoder.segment(packet);
        if (segment == null) {
            return;
        }
        boolean isInOrder = segment.source().compareTo(segment.target()) < 0;
        String ends = isInOrder ? segment.source() + " " + segment.target() : segment.target() + " " + segment.source();
        CapturedConnection known = newest.get(ends);
        if (known == null || known.isFollowedBy(segment)) {
            known = new CapturedConnection(segment);
            newest.put(ends, known);
            connections.add(known);
            if (isOfUpstream) {
                upstreams.add(known);
            }
        }
        known.take(segment);
    }

    /** Returns the connections of the server. Fails if there is none, or if there are several servers. */
    private List<CapturedConnection> served() throws CaptureFormatException {
        if (!upstreams.containsAll(connections)) {
            connections.removeAll(upstreams); // the clients' legs have the same conversations
        }
        List<CapturedConnection> served =
                connections.stream().filter(CapturedConnection::isConnection).toList();
        List<Integer> known = served.stream()
                .filter(CapturedConnection::isKnown)
                .map(CapturedConnection::serverPort)
                .toList();
        Map<Integer, Integer> counts = new TreeMap<>();
        for (CapturedConnection connection : served) {
            connection.decide(known);
            counts.merge(connection.serverPort(), 1, Integer::sum);
        }
        if (served.isEmpty()) {
            throw new CaptureFormatException("it has no TCP connection among its " + packets
                    + (packets == 1 ? " packet" : " packets") + "; capture while the client connects");
        }
        if (counts.size() > 1) {
            int port = counts.keySet().iterator().next();
            throw new CaptureFormatException("it has connections to the ports " + counts.keySet()
                    + "; keep those of one server, as with: tshark -r all.pcapng -Y tcp.port==" + port
                    + " -w one.pcapng");
        }
        return served;
    }
}
