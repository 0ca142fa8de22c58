package org.echoharness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.echoharness.text.Escaping;
import org.echoharness.text.FirstDifference;
import org.echoharness.text.Quantities;
import org.echoharness.text.Utf8;
import org.jspecify.annotations.Nullable;

/** Shows a recorded connection as text. Bytes that are not text are escaped, and each cut is stated. */
final class Transcript {

    static final int COLUMN = 46;
    private static final int EXCERPT = 32;
    private static final int HEX_LINE = 16;
    private static final int FIRST_LINES = 20;
    private static final int LAST_LINES = 40;
    private static final int LINE_LENGTH = 400;
    private static final int CAUSE_LENGTH = 200;
    private static final Set<String> KEEP_BYTES = Set.of(
            Effect.Kind.DELAY.word, Effect.Kind.THROTTLE.word, Effect.Kind.FRAGMENT.word, Effect.Kind.SLOW_CLOSE.word);

    private Transcript() {}

    /** Gets the events of a connection in the order of their time, of a relay those of both legs. */
    interface Visitor {
        /** Called for each event, with the time since the connection was accepted. */
        void event(RecordedConnection leg, RecordedEvent event, Duration after) throws IOException;

        /** Called where events of the leg are not kept. */
        void gap(RecordedConnection leg) throws IOException;
    }

    /** Goes through the events of one leg. */
    private static final class Cursor {
        private final RecordedConnection leg;
        private final long shift;
        private final Iterator<RecordedEvent> events;
        private @Nullable RecordedEvent next;
        private long at; // of the next event, or of the last one if there is none
        private int index;
        private boolean isOver;

        Cursor(RecordedConnection leg, RecordedConnection connection) {
            this.leg = leg;
            shift = leg.opened().minus(connection.opened()).toNanos();
            events = leg.log().iterator();
            advance();
        }

        private void advance() {
            next = events.hasNext() ? events.next() : null;
            at = next == null ? at : Math.max(at, shift + next.after().toNanos());
        }

        void step(Visitor visitor) throws IOException {
            if (index++ == leg.log().beforeTheGap()) {
                visitor.gap(leg);
            }
            RecordedEvent event = next;
            isOver = event == null;
            if (event != null) {
                advance();
                visitor.event(leg, event, event.after().plusNanos(shift));
            }
        }
    }

    static void visit(RecordedConnection connection, Visitor visitor) throws IOException {
        Cursor first = new Cursor(connection, connection);
        Cursor second = new Cursor(connection.upstream().orElse(connection), connection);
        second.isOver = second.leg == connection;
        while (!first.isOver || !second.isOver) {
            boolean isFirst = second.isOver || (!first.isOver && first.at <= second.at);
            (isFirst ? first : second).step(visitor);
        }
    }

    static String of(RecordedConnection connection) {
        StringBuilder text = new StringBuilder();
        try {
            write(connection, false, text);
        } catch (IOException impossible) {
            throw new AssertionError(impossible); // it goes into memory
        }
        return text.toString();
    }

    /** Returns the first and the last lines, and cuts long ones. */
    static String excerpt(String transcript) {
        List<String> lines = new ArrayList<>(transcript.lines().toList());
        int left = lines.size() - FIRST_LINES - LAST_LINES;
        if (left > 1) {
            lines.subList(FIRST_LINES, FIRST_LINES + left).clear();
            lines.add(FIRST_LINES, "(" + left + " lines left out)");
        }
        StringBuilder text = new StringBuilder();
        for (String line : lines) {
            String shown = Escaping.first(line, LINE_LENGTH);
            text.append(shown).append(shown.length() < line.length() ? "...\n" : "\n");
        }
        return text.toString();
    }

    /** @param common whether each line also has the time since the first connection of the recording */
    static void write(RecordedConnection connection, boolean common, Appendable text) throws IOException {
        visit(connection, new Visitor() {
            @Override
            public void event(RecordedConnection leg, RecordedEvent event, Duration after) throws IOException {
                text.append(millis(after))
                        .append("  ")
                        .append(common ? sinceFirst(leg, event) : "")
                        .append(line(leg, event))
                        .append('\n');
            }

            @Override
            public void gap(RecordedConnection leg) throws IOException {
                text.append(leftOut(leg));
            }
        });
        if (connection.ending().isEmpty()) {
            text.append("(still open)\n");
        }
        for (String change : changes(connection)) {
            text.append('(').append(change).append(")\n");
        }
    }

    /** Returns what a relay changed, or that it changed nothing; empty if there is no relay, or nothing to compare. */
    static List<String> changes(RecordedConnection connection) {
        RecordedConnection upstream = connection.upstream().orElse(null);
        if (upstream == null) {
            return List.of();
        }
        List<String> changes = Stream.of(upstream, connection)
                .map(leg -> change(connection, leg))
                .filter(change -> !change.isEmpty())
                .toList();
        long toServer = connection.bytesReceived();
        long toClient = upstream.bytesReceived();
        boolean isAllKept = isKept(connection) && isKept(upstream);
        return changes.isEmpty() && isAllKept && toServer + toClient > 0
                ? List.of("passed on unchanged: " + Escaping.bytes(toServer) + " to the server, "
                        + Escaping.bytes(toClient) + " to the client")
                : changes;
    }

    private static boolean isKept(RecordedConnection leg) {
        return leg.toServer().kept().remaining() == leg.toServer().total()
                && leg.toClient().kept().remaining() == leg.toClient().total();
    }

    /**
     * Returns how the bytes that a relay sent on one leg differ from those that came on the other one.
     *
     * @param to the leg that it sent on
     * @return a text without a dot; empty if they do not differ as far as they are kept
     */
    static String change(RecordedConnection connection, RecordedConnection to) {
        RecordedConnection upstream = connection.upstream().orElse(null);
        FirstDifference difference = upstream == null ? null : difference(connection, upstream, to == upstream);
        if (upstream == null || difference == null) {
            return "";
        }
        long missing = to == upstream
                ? connection.bytesReceived() - to.bytesSent()
                : upstream.bytesReceived() - to.bytesSent();
        String where = to == upstream ? " to the server" : " to the client";
        boolean isHeld = to.ending().isEmpty() && difference.seen().equals(FirstDifference.NOTHING);
        return (isHeld
                        ? Escaping.bytes(missing) + where + (missing == 1 ? " is" : " are") + " not sent yet"
                        : "the bytes" + where + " differ at offset " + difference.offset() + ": came "
                                + difference.expected() + ", passed on " + difference.seen())
                + cause(to, difference);
    }

    /** Compares what came on one leg of a relay with what was sent on the other. Returns null if it is the same. */
    static @Nullable FirstDifference difference(
            RecordedConnection client, RecordedConnection upstream, boolean toServer) {
        RecordedConnection.Stream came = toServer ? client.toServer() : upstream.toClient();
        RecordedConnection.Stream sent = toServer ? upstream.toServer() : client.toClient();
        return FirstDifference.of(came.kept(), came.total(), sent.kept(), sent.total());
    }

    /** Returns the faults that can have changed the bytes that were sent on this leg, or else why it ended too early. */
    private static String cause(RecordedConnection leg, FirstDifference difference) {
        Set<String> faults = new LinkedHashSet<>();
        for (RecordedEvent event : leg.log()) {
            String word = event.detail().split(" ", 2)[0];
            if (event.kind() == RecordedEvent.Kind.FAULT && !KEEP_BYTES.contains(word)) {
                faults.add(event.detail());
            }
        }
        boolean isCutOff = faults.isEmpty() && difference.seen().equals(FirstDifference.NOTHING);
        String why = isCutOff ? leg.ending().map(Ending::why).orElse("") : String.join(", ", faults);
        String cut = Escaping.first(why, CAUSE_LENGTH);
        return why.isEmpty() ? "" : " (" + cut + (cut.length() < why.length() ? "...)" : ")");
    }

    /** Returns the milliseconds since the first connection of the recording, such as "+12345.678  ". */
    private static String sinceFirst(RecordedConnection connection, RecordedEvent event) {
        return pad("+" + Quantities.millis(connection.opened().plus(event.after())), 11) + "  ";
    }

    /** Returns a line that states how many events are missing. */
    private static String leftOut(RecordedConnection leg) {
        return "(" + leg.eventsLeftOut() + " events more" + (leg.isUpstream() ? " of the upstream" : "")
                + ", not kept)\n";
    }

    private static String line(RecordedConnection connection, RecordedEvent event) {
        String peer = connection.peer();
        return switch (event.kind()) {
            case ACCEPTED -> "connection from " + peer;
            case CONNECTED -> "connected to " + peer + " from " + HostAndPort.text(connection.localSocketAddress());
            case REJECTED -> "rejecting " + peer;
            case RECEIVED -> "received " + payload(connection, event) + " from " + peer;
            case SENT -> "sending " + payload(connection, event) + " to " + peer;
            case FAULT -> "applying " + event.detail() + (connection.isUpstream() ? " (" + peer + ")" : " to " + peer);
            case NOTE -> "note: " + event.detail();
            case STEP -> event.detail();
            case MISMATCH -> "mismatch at " + event.detail();
            case HANDSHAKE -> "TLS handshake with " + peer + ": " + event.detail();
            case ALERT -> "TLS alert " + event.detail();
            case CLIENT_FIN, SERVER_FIN ->
                (isOwn(connection, event) ? "closing " : "no data from ") + peer + because(event);
            case CLIENT_RST, SERVER_RST -> (isOwn(connection, event) ? "resetting " : "lost ") + peer + because(event);
        };
    }

    /** Returns whether the end that recorded the connection caused the event. */
    static boolean isOwn(RecordedConnection connection, RecordedEvent event) {
        return event.isByClient(connection.recordedBy()) == (connection.recordedBy() == Ending.Side.CLIENT);
    }

    private static String because(RecordedEvent event) {
        return event.detail().isEmpty() ? "" : ": " + event.detail();
    }

    /** Returns the number of the event's bytes and those that are kept; empty for an event without bytes. */
    static String payload(RecordedConnection connection, RecordedEvent event) {
        return event.bytes() == 0 ? "" : Escaping.bytes(event.bytes()) + " " + kept(connection, event);
    }

    private static String kept(RecordedConnection connection, RecordedEvent event) {
        byte[] kept = connection.bytes(event);
        if (kept.length == 0) {
            return "(not kept)";
        }
        String quoted = Escaping.quote(ByteBuffer.wrap(kept));
        return kept.length == event.bytes() || kept.length > Escaping.SHOWN
                ? quoted
                : quoted + " (the first " + kept.length + " kept)";
    }

    static String timeline(RecordedConnection connection) {
        StringBuilder text = new StringBuilder();
        RecordedConnection upstream = connection.upstream().orElse(null);
        text.append(pad("      ms  client " + HostAndPort.text(connection.client()), COLUMN + 10))
                .append(upstream == null ? "" : pad("relay " + HostAndPort.text(connection.server()), COLUMN))
                .append("server ")
                .append(HostAndPort.text((upstream == null ? connection : upstream).server()))
                .append('\n');
        inMemory(connection, new Visitor() {
            @Override
            public void event(RecordedConnection leg, RecordedEvent event, Duration after) {
                String what = side(leg, event);
                boolean isToServer = event.isByClient(leg.recordedBy()) || isFaultToServer(leg, event);
                text.append(millis(after))
                        .append("  ")
                        .append(" ".repeat(COLUMN * column(leg, event)))
                        .append(isToServer ? what + " -->" : "<-- " + what)
                        .append('\n');
            }

            @Override
            public void gap(RecordedConnection leg) {
                text.append(leftOut(leg));
            }
        });
        return text.toString();
    }

    /** Returns the column of what an event shows: 0 for the client, 1 for its server, 2 for the server behind a relay. */
    static int column(RecordedConnection leg, RecordedEvent event) {
        boolean isToServer = event.isByClient(leg.recordedBy()) || isFaultToServer(leg, event);
        return (isToServer ? 0 : 1) + (leg.isUpstream() ? 1 : 0);
    }

    private static boolean isFaultToServer(RecordedConnection leg, RecordedEvent event) {
        return leg.isUpstream() && event.kind() == RecordedEvent.Kind.FAULT;
    }

    private static void inMemory(RecordedConnection connection, Visitor visitor) {
        try {
            visit(connection, visitor);
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static String side(RecordedConnection connection, RecordedEvent event) {
        return switch (event.kind()) {
            case ACCEPTED, CONNECTED -> "connect";
            case REJECTED -> "RST: maxConnections";
            case RECEIVED, SENT -> event.bytes() + " " + excerpt(connection.bytes(event), event.bytes());
            case FAULT -> "(" + event.detail() + ")";
            case NOTE -> "(note: " + event.detail() + ")";
            case STEP -> "(" + event.detail() + ")";
            case MISMATCH -> "(mismatch: " + event.detail() + ")";
            case HANDSHAKE -> "(handshake: " + event.detail() + ")";
            case ALERT -> "(alert " + event.detail() + ")";
            case CLIENT_FIN -> "FIN";
            case CLIENT_RST -> "RST";
            case SERVER_FIN -> "FIN";
            case SERVER_RST -> "RST" + because(event);
        };
    }

    static String excerpt(byte[] bytes, int of) {
        if (bytes.length == 0) {
            return "(not kept)";
        }
        ByteBuffer all = ByteBuffer.wrap(bytes);
        int end = Utf8.boundary(all, Math.min(bytes.length, EXCERPT));
        String quoted = Escaping.quote(all.slice(0, end));
        return quoted.length() <= COLUMN - 16 && of <= EXCERPT && bytes.length == of
                ? quoted
                : Escaping.first(quoted, COLUMN - 20) + "...";
    }

    static String hexDump(RecordedConnection connection) {
        StringBuilder text = new StringBuilder();
        inMemory(connection, new Visitor() {
            @Override
            public void event(RecordedConnection leg, RecordedEvent event, Duration after) {
                String arrow = event.isByClient(leg.recordedBy()) ? ">" : "<";
                hex(leg, event, leg == connection ? arrow + " " : arrow + arrow + " ", text);
            }

            @Override
            public void gap(RecordedConnection leg) {
                text.append(leftOut(leg));
            }
        });
        return text.toString();
    }

    private static void hex(RecordedConnection leg, RecordedEvent event, String direction, StringBuilder text) {
        byte[] bytes = event.bytes() == 0 ? new byte[0] : leg.bytes(event);
        for (int at = 0; at < bytes.length; at += HEX_LINE) {
            hexLine(text.append(direction), event.offset() + at, bytes, at);
        }
        if (bytes.length < event.bytes()) {
            text.append(direction)
                    .append("(")
                    .append(event.bytes() - bytes.length)
                    .append(" bytes more, not kept)\n");
        }
    }

    private static void hexLine(StringBuilder to, long offset, byte[] bytes, int at) {
        String digits = Long.toHexString(offset);
        to.append("0".repeat(Math.max(0, 8 - digits.length()))).append(digits).append(' ');
        StringBuilder ascii = new StringBuilder();
        for (int i = at; i < at + HEX_LINE; i++) {
            if (i < bytes.length) {
                int b = bytes[i] & 0xFF;
                to.append(' ').append(Character.forDigit(b >> 4, 16)).append(Character.forDigit(b & 15, 16));
                ascii.append(b >= 0x20 && b < 0x7F ? (char) b : '.');
            } else {
                to.append("   ");
            }
        }
        to.append("  ").append(ascii).append('\n');
    }

    /** Returns the milliseconds, such as "   12.345". */
    static String millis(Duration after) {
        String millis = Quantities.millis(after);
        return " ".repeat(Math.max(0, 9 - millis.length())) + millis;
    }

    static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
