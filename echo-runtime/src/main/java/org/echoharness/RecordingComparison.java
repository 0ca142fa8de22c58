package org.echoharness;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.echoharness.text.FirstDifference;
import org.jspecify.annotations.Nullable;

/**
 * Compares two recordings of one conversation: whether each end received the bytes that the other sent. A proxy under test
 * may stand between the two.
 *
 * <pre>{@code
 * RecordedConnection atClient = client.recording().connection(1);
 * RecordedConnection atServer = server.recording().connection(1).awaitEnd();
 * RecordingComparison.of(atClient, atServer).assertSame();
 * }</pre>
 *
 * <p>{@link #ofRelay} compares the two legs of a relay, and so finds what the relay changed.
 *
 * <p>Compare connections that have ended, because bytes of an open one may still be on their way. The bytes that both ends
 * kept are compared, and always the numbers of all bytes. Immutable.
 */
public final class RecordingComparison {

    private final RecordedConnection client;
    private final RecordedConnection server;

    private RecordingComparison(RecordedConnection client, RecordedConnection server) {
        this.client = client;
        this.server = server;
    }

    /**
     * The first place where the received bytes differ from the sent ones.
     *
     * @param sentBy the end that sent the bytes
     * @param offset counted from 0; if bytes before it are not kept, the first difference may be among those
     * @param expected the bytes sent from the offset on: quoted and escaped, {@code nothing more}, or how many bytes more
     * @param seen the bytes received from the offset on, in the same form
     */
    public record Difference(Ending.Side sentBy, long offset, String expected, String seen) {

        @Override
        public String toString() {
            return "the bytes of the " + word(sentBy) + " differ at offset " + offset + ": expected " + expected
                    + ", seen " + seen;
        }
    }

    /**
     * Compares snapshots of two recordings: first the one that is nearer to the client. With a relay between client and
     * server, its connection or the {@link RecordedConnection#upstream() upstream} of it may take the place of either.
     *
     * @param client what the client recorded; or a relay's connection or the upstream of it, to compare what the relay
     *     received or sent with what the server behind it recorded
     * @param server what the server recorded; or the upstream of a relay's connection, to compare what the client recorded
     *     with what the relay sent to the server behind it
     * @return the comparison
     * @throws IllegalArgumentException if the first is a server's that does not relay, or the second a client's
     */
    public static RecordingComparison of(RecordedConnection client, RecordedConnection server) {
        Objects.requireNonNull(client, "client");
        Objects.requireNonNull(server, "server");
        boolean isFirst =
                client.recordedBy() == Ending.Side.CLIENT || client.upstream().isPresent();
        check(isFirst, client, Ending.Side.CLIENT);
        check(server.recordedBy() == Ending.Side.SERVER || server.isUpstream(), server, Ending.Side.SERVER);
        return new RecordingComparison(client, server);
    }

    private static void check(boolean isOf, RecordedConnection connection, Ending.Side side) {
        if (!isOf) {
            throw new IllegalArgumentException(
                    "the recording of the " + word(side) + " (" + connection + ") was made by the "
                            + word(connection.recordedBy()) + "; give the client's first, then the server's");
        }
    }

    /**
     * Compares the two legs of a connection that was relayed: what came from the client with what was sent to the server
     * behind the relay, and what came from that server with what was sent to the client. The differences are what the relay
     * changed.
     *
     * @param connection a connection of a server with {@link EchoServer.Builder#upstream(String) upstream}
     * @return the comparison
     * @throws IllegalArgumentException if the connection has no {@link RecordedConnection#upstream() upstream}
     */
    public static RecordingComparison ofRelay(RecordedConnection connection) {
        Objects.requireNonNull(connection, "connection");
        RecordedConnection upstream = connection.upstream().orElse(null);
        if (upstream == null) {
            throw new IllegalArgumentException(connection
                    + ": has no upstream; give a connection of a server that relays,"
                    + (connection.isUpstream() ? " not its upstream" : " after it has connected to its upstream"));
        }
        return new RecordingComparison(connection, upstream);
    }

    private boolean isOfRelay() {
        return client.upstream().orElse(null) == server;
    }

    /**
     * Returns the first difference in the bytes that the client sent, or else in those that the server sent.
     *
     * @return the difference; empty if each end received what the other sent
     */
    public Optional<Difference> firstDifference() {
        Difference ofClient = difference(Ending.Side.CLIENT);
        return Optional.ofNullable(ofClient != null ? ofClient : difference(Ending.Side.SERVER));
    }

    /**
     * Checks that each end received what the other sent.
     *
     * @throws AssertionError if not; with the first difference, of a relay also with the faults that caused it, and the first
     *     and last lines of both recordings side by side
     */
    public void assertSame() {
        firstDifference().ifPresent(difference -> {
            throw new AssertionError(text(difference) + "\n" + Transcript.excerpt(text(difference.sentBy())));
        });
    }

    /** Returns the difference, of a relay also with the faults that caused it. */
    private String text(Difference difference) {
        return isOfRelay()
                ? Transcript.change(client, difference.sentBy() == Ending.Side.CLIENT ? server : client)
                : difference.toString();
    }

    private RecordedConnection.Stream sent(Ending.Side by) {
        return by == Ending.Side.CLIENT ? client.toServer() : server.toClient();
    }

    private RecordedConnection.Stream received(Ending.Side from) {
        return from == Ending.Side.CLIENT ? server.toServer() : client.toClient();
    }

    private @Nullable Difference difference(Ending.Side by) {
        RecordedConnection.Stream sent = sent(by);
        RecordedConnection.Stream received = received(by);
        FirstDifference first = FirstDifference.of(sent.kept(), sent.total(), received.kept(), received.total());
        return first == null ? null : new Difference(by, first.offset(), first.expected(), first.seen());
    }

    /**
     * Returns how many bytes of each side were sent and received, and the events of both ends in the order of their time:
     * the client's on the left, the server's on the right, with milliseconds. Of a relay, both columns have what the relay
     * received and sent: on its leg to the client, and on its leg to the server.
     *
     * @return lines, each with its end
     */
    @Override
    public String toString() {
        return text((Ending.Side) null);
    }

    /** @param known the side about whose bytes the reader knows the difference; null for none */
    private String text(Ending.@Nullable Side known) {
        StringBuilder text = new StringBuilder();
        for (Ending.Side each : Ending.Side.values()) {
            text.append(sum(each, each == known));
        }
        String left = "      ms  " + end(client) + " " + HostAndPort.text(client.client());
        text.append(Transcript.pad(left, Transcript.COLUMN + 12))
                .append(end(server))
                .append(' ')
                .append(HostAndPort.text(server.server()))
                .append('\n');
        List<Line> lines = new ArrayList<>();
        for (RecordedConnection each : List.of(client, server)) {
            for (RecordedEvent event : each.log()) {
                lines.add(new Line(each, event));
            }
        }
        lines.sort(Comparator.comparing(Line::at)); // stable: events of the same time stay in order
        Instant start = client.accepted().isBefore(server.accepted()) ? client.accepted() : server.accepted();
        for (Line line : lines) {
            text.append(Transcript.millis(Duration.between(start, line.at())))
                    .append("  ")
                    .append(Transcript.pad(line.of() == client ? line.what() : "", Transcript.COLUMN))
                    .append(line.of() == client ? "|" : "| " + line.what())
                    .append('\n');
        }
        leftOut(client, text);
        leftOut(server, text);
        return text.toString();
    }

    /** Returns which end the events of a recording are those of. */
    private String end(RecordedConnection of) {
        String other = of == client ? "client" : "server";
        return isOfRelay() ? "relay to " + other : other;
    }

    private void leftOut(RecordedConnection of, StringBuilder text) {
        if (of.eventsLeftOut() > 0) {
            text.append("(")
                    .append(of.eventsLeftOut())
                    .append(" events more of the ")
                    .append(isOfRelay() ? end(of) : word(of.recordedBy()))
                    .append(", not kept)\n");
        }
    }

    private String sum(Ending.Side by, boolean isKnown) {
        Difference difference = difference(by);
        RecordedConnection.Stream sent = sent(by);
        RecordedConnection.Stream received = received(by);
        int both = Math.min(sent.kept().remaining(), received.kept().remaining());
        String same = both == sent.total() ? "the same" : "the first " + both + " are the same, the others not kept";
        String totals = isOfRelay()
                ? "bytes to the " + (by == Ending.Side.CLIENT ? "server: " : "client: ") + sent.total() + " came, "
                        + received.total() + " passed on; "
                : "bytes of the " + word(by) + ": " + sent.total() + " sent, " + received.total() + " received; ";
        String differ = difference == null ? same : isKnown ? "they differ, as above" : text(difference);
        return totals + differ + "\n";
    }

    /** An event at one of the ends. */
    private record Line(RecordedConnection of, RecordedEvent event) {

        Instant at() {
            return of.accepted().plus(event.after());
        }

        String what() {
            String did = Transcript.isOwn(of, event) ? "sent " : "received ";
            return switch (event.kind()) {
                case ACCEPTED -> "accepted";
                case CONNECTED -> "connected";
                case FAULT, STEP -> "(" + event.detail() + ")";
                case NOTE -> "(note: " + event.detail() + ")";
                case MISMATCH -> "(mismatch: " + event.detail() + ")";
                case HANDSHAKE -> "(handshake: " + event.detail() + ")";
                case ALERT -> "(alert " + event.detail() + ")";
                case RECEIVED, SENT -> did + event.bytes() + " " + Transcript.excerpt(of.bytes(event), event.bytes());
                case CLIENT_FIN, SERVER_FIN -> did + "FIN";
                case CLIENT_RST, SERVER_RST, REJECTED -> did + "RST";
            };
        }
    }

    private static String word(Ending.Side side) {
        return side == Ending.Side.CLIENT ? "client" : "server";
    }
}
