package org.echoharness;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.echoharness.text.FirstDifference;
import org.jspecify.annotations.Nullable;

/**
 * Compares the recordings of a client and a server: whether each end received the bytes that the other sent. A proxy under
 * test may stand between the two.
 *
 * <pre>{@code
 * RecordedConnection atClient = client.recording().connection(1);
 * RecordedConnection atServer = server.recording().connection(1).awaitEnd();
 * RecordingComparison.of(atClient, atServer).assertSame();
 * }</pre>
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
     * @param expected the bytes sent around the offset: quoted and escaped, {@code nothing more}, or how many bytes more
     * @param seen the bytes received around the offset, in the same form
     */
    public record Difference(Ending.Side sentBy, long offset, String expected, String seen) {

        @Override
        public String toString() {
            return "the bytes of the " + word(sentBy) + " differ at offset " + offset + ": expected " + expected
                    + ", seen " + seen;
        }
    }

    /**
     * Compares snapshots of two recordings.
     *
     * @param client what the client recorded
     * @param server what the server recorded
     * @return the comparison
     * @throws IllegalArgumentException if the first is not a client's, or the second not a server's
     */
    public static RecordingComparison of(RecordedConnection client, RecordedConnection server) {
        check(client, Ending.Side.CLIENT);
        check(server, Ending.Side.SERVER);
        return new RecordingComparison(client, server);
    }

    private static void check(RecordedConnection connection, Ending.Side side) {
        if (connection.recordedBy() != side) {
            throw new IllegalArgumentException(
                    "the recording of the " + word(side) + " (" + connection + ") was made by the "
                            + word(connection.recordedBy()) + "; give the client's first, then the server's");
        }
    }

    /**
     * Returns the first difference in the bytes that the client sent, or else in those that the server sent.
     *
     * @return the difference; empty if each end received what the other sent
     */
    public Optional<Difference> firstDifference() {
        Difference ofClient = difference(client, server);
        return Optional.ofNullable(ofClient != null ? ofClient : difference(server, client));
    }

    /**
     * Checks that each end received what the other sent.
     *
     * @throws AssertionError if not; with the first difference, and the first and last lines of both recordings side by side
     */
    public void assertSame() {
        firstDifference().ifPresent(difference -> {
            throw new AssertionError(difference + "\n" + Transcript.excerpt(toString()));
        });
    }

    private static @Nullable Difference difference(RecordedConnection from, RecordedConnection to) {
        FirstDifference first = FirstDifference.of(from.sent(), from.bytesSent(), to.received(), to.bytesReceived());
        return first == null ? null : new Difference(from.recordedBy(), first.offset(), first.expected(), first.seen());
    }

    /**
     * Returns how many bytes of each side were sent and received, and the events of both ends in the order of their time:
     * the client's on the left, the server's on the right, with milliseconds.
     *
     * @return lines, each with its end
     */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(sum(client, server)).append(sum(server, client));
        text.append(Transcript.pad(
                        "      ms  client " + HostAndPort.text(client.localSocketAddress()), Transcript.COLUMN + 12))
                .append("server ")
                .append(HostAndPort.text(server.localSocketAddress()))
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

    private static void leftOut(RecordedConnection of, StringBuilder text) {
        if (of.eventsLeftOut() > 0) {
            text.append("(")
                    .append(of.eventsLeftOut())
                    .append(" events more of the ")
                    .append(word(of.recordedBy()))
                    .append(", not kept)\n");
        }
    }

    private static String sum(RecordedConnection from, RecordedConnection to) {
        Difference difference = difference(from, to);
        int both = Math.min(from.sent().length, to.received().length);
        String same =
                both == from.bytesSent() ? "the same" : "the first " + both + " are the same, the others not kept";
        return "bytes of the " + word(from.recordedBy()) + ": " + from.bytesSent() + " sent, " + to.bytesReceived()
                + " received; " + (difference == null ? same : difference) + "\n";
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
