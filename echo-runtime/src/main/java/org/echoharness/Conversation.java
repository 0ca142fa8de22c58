package org.echoharness;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.Consumer;
import org.echoharness.text.Escaping;
import org.echoharness.text.StartLine;

/**
 * Makes the lines about what happens on the connections of a server or client: one line per event, with quoted and
 * escaped payload. The thread on which the event happens calls the callback.
 */
record Conversation(Consumer<String> lines, boolean isNumbered) {

    private static final String TIME = "uuuu-MM-dd'T'HH:mm:ss.SSSX"; // in UTC

    Conversation(Consumer<String> lines) {
        this(lines, false);
    }

    /** Returns a conversation whose lines begin with the time; a line about a connection also has its number. */
    static Conversation timed(Consumer<String> lines) {
        // No constant: the first formatter of a JVM takes long to make, and other conversations need none.
        DateTimeFormatter time = DateTimeFormatter.ofPattern(TIME, Locale.ROOT).withZone(ZoneOffset.UTC);
        return new Conversation(
                line -> lines.accept(time.format(Instant.now()).concat(" ").concat(line)), true);
    }

    /** Returns the conversation for the lines about one connection. */
    Conversation of(long number) {
        return isNumbered ? new Conversation(line -> lines.accept("connection " + number + ": " + line)) : this;
    }

    /** @param tls what the line ends with; empty without TLS */
    void startingUp(SocketAddress local, String tls) {
        String line = local instanceof InetSocketAddress inet
                ? StartLine.of(HostAndPort.of(inet).host(), inet)
                : StartLine.of(HostAndPort.text(local));
        lines.accept(line.concat(tls));
    }

    void waiting() {
        lines.accept("waiting for a connection");
    }

    void connectionFrom(String peer) {
        lines.accept("connection from " + peer);
    }

    void connected(String upstream, String local, String peer) {
        lines.accept("connected to " + upstream + " from " + local + " for " + peer);
    }

    void rejecting(String peer, int open) {
        lines.accept("rejecting " + peer + ": " + open + (open == 1 ? " connection is open" : " connections are open"));
    }

    /** @param peer the other end; empty if the line does not name it */
    void received(ByteBuffer chunk, String peer) {
        lines.accept("received " + Escaping.bytes(chunk.remaining()) + " " + Escaping.quote(chunk)
                + (peer.isEmpty() ? "" : " from " + peer));
    }

    /** Prints how many bytes go back, but not the bytes, since those were printed when they came. */
    void sendingBack(String peer, int bytes) {
        lines.accept("sending " + Escaping.bytes(bytes) + " back to " + peer);
    }

    /** @param first the first bytes: all, or more than {@link Escaping#SHOWN} */
    void sending(String peer, ByteBuffer first, int bytes) {
        lines.accept("sending " + Escaping.bytes(bytes) + " " + Escaping.quote(first) + " to " + peer);
    }

    /**
     * Returns the line about a handshake or an alert, for {@link #print}.
     *
     * @param what {@code TLS handshake} or {@code TLS alert}
     * @param peer the other end; empty if the line does not name it
     */
    static String ofTls(String what, String peer, String detail) {
        return what + (peer.isEmpty() ? "" : " with " + peer) + ": " + detail;
    }

    void print(String line) {
        lines.accept(line);
    }

    void noDataFrom(String peer) {
        lines.accept("no data from " + peer);
    }

    void applying(Fault fault, String peer) {
        lines.accept("applying " + fault + (fault.isToServer() ? " (" + peer + ")" : " to " + peer));
    }

    void lost(String peer, String why) {
        lines.accept("lost " + peer + ": " + why);
    }

    void connectingTo(ServerAddress target) {
        lines.accept(
                "connecting to " + (target instanceof HostAndPort tcp ? tcp.host() + " port " + tcp.port() : target));
    }

    void sending(ByteBuffer message) {
        lines.accept("sending " + Escaping.bytes(message.remaining()) + " " + Escaping.quote(message));
    }

    void closing() {
        lines.accept("closing socket");
    }
}
