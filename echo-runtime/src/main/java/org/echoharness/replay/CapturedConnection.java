package org.echoharness.replay;

import java.util.ArrayList;
import java.util.List;
import org.echoharness.text.Escaping;

/** One connection of a capture, from its first packet on. */
final class CapturedConnection {

    private enum What {
        DATA,
        FIN,
        RST
    }

    private record Event(boolean isByFirst, What what, String bytes, long nanos) {}

    private final TcpSegment first; // of the connection
    private final CapturedStream ofFirst = new CapturedStream(); // what its sender sent
    private final CapturedStream ofOther = new CapturedStream();
    private final List<Event> events = new ArrayList<>();
    private final boolean isKnown; // which end is the server
    private boolean isServerFirst; // the sender of the first packet is the server
    private boolean isAnswered; // the other end has sent more than an RST
    private boolean isReset;

    CapturedConnection(TcpSegment first) {
        this.first = first;
        isKnown = first.has(TcpSegment.SYN);
        isServerFirst = isKnown && first.has(TcpSegment.ACK);
        isAnswered = !isKnown || isServerFirst;
    }

    /** Returns whether a segment between the same two ends begins another connection. */
    boolean isFollowedBy(TcpSegment segment) {
        boolean isSyn = segment.has(TcpSegment.SYN) && !segment.has(TcpSegment.ACK);
        boolean isSame = first.has(TcpSegment.SYN)
                && first.source().equals(segment.source())
                && first.sequence() == segment.sequence();
        boolean isHandshake = isServerFirst && !first.source().equals(segment.source()) && events.isEmpty();
        return isSyn && !isSame && !isHandshake;
    }

    /** Takes the next segment of the connection. */
    void take(TcpSegment segment) {
        if (isReset) {
            return;
        }
        boolean isByFirst = segment.source().equals(first.source());
        isAnswered |= !isByFirst && !segment.has(TcpSegment.RST);
        CapturedStream stream = isByFirst ? ofFirst : ofOther;
        if (segment.has(TcpSegment.ACK)) {
            (isByFirst ? ofOther : ofFirst).acknowledged(segment.acknowledged());
        }
        if (segment.has(TcpSegment.RST)) {
            isReset = true;
            if (!hasEnded()) {
                events.add(new Event(isByFirst, What.RST, "", segment.nanos()));
            }
            return;
        }
        CapturedStream.Arrival arrival = stream.take(segment);
        if (!arrival.bytes().isEmpty()) {
            events.add(new Event(isByFirst, What.DATA, arrival.bytes(), segment.nanos()));
        }
        if (arrival.isFin()) {
            events.add(new Event(isByFirst, What.FIN, "", segment.nanos()));
        }
    }

    private boolean hasEnded() {
        return ofFirst.isFinished() && ofOther.isFinished();
    }

    /** Returns whether the server took part, and did not only refuse; without a handshake, whether anything happened. */
    boolean isConnection() {
        return isAnswered && (isKnown || !events.isEmpty());
    }

    boolean isKnown() {
        return isKnown;
    }

    int serverPort() {
        return isServerFirst ? first.sourcePort() : first.targetPort();
    }

    private int clientPort() {
        return isServerFirst ? first.targetPort() : first.sourcePort();
    }

    /** Decides which end is the server, if the capture has no SYN of it, by the port of those that are known. */
    void decide(List<Integer> serverPorts) {
        if (!isKnown && serverPorts.contains(clientPort()) && !serverPorts.contains(serverPort())) {
            isServerFirst = true;
        }
    }

    /** Returns the addresses, the client's first. */
    String name() {
        return isServerFirst ? first.target() + " to " + first.source() : first.source() + " to " + first.target();
    }

    /** Returns what happened. Fails if segments are missing. */
    Session session() throws CaptureFormatException {
        check(isServerFirst ? ofOther : ofFirst, "client");
        check(isServerFirst ? ofFirst : ofOther, "server");
        List<SessionEvent> session = new ArrayList<>();
        for (Event event : events) {
            boolean isByClient = event.isByFirst() != isServerFirst;
            SessionEvent.Kind kind = switch (event.what()) {
                case DATA -> isByClient ? SessionEvent.Kind.RECEIVED : SessionEvent.Kind.SENT;
                case FIN -> isByClient ? SessionEvent.Kind.CLIENT_FIN : SessionEvent.Kind.SERVER_FIN;
                case RST -> isByClient ? SessionEvent.Kind.CLIENT_RST : SessionEvent.Kind.SERVER_RST;
            };
            session.add(new SessionEvent(kind, event.bytes(), 0, event.nanos() - first.nanos()));
        }
        boolean isServerDone = (isServerFirst ? ofFirst : ofOther).isFinished();
        return new Session(session, 0, isReset || isServerDone);
    }

    private void check(CapturedStream stream, String side) throws CaptureFormatException {
        if (stream.missing() > 0) {
            throw new CaptureFormatException("packets of the connection from " + name() + " are missing: "
                    + Escaping.bytes(stream.missing()) + " that the " + side
                    + " sent; capture again, with a larger buffer (tshark -B 64)");
        }
    }
}
