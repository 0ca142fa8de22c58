package org.echoharness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.echoharness.text.Utf8;

/** Shows a recorded connection as text. Bytes that are not text are escaped, and each cut is stated. */
final class Transcript {

    static final int COLUMN = 46;
    private static final int EXCERPT = 32;
    private static final int HEX_LINE = 16;
    private static final int FIRST_LINES = 20;
    private static final int LAST_LINES = 40;
    private static final int LINE_LENGTH = 400;

    private Transcript() {}

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
        String peer = connection.peer();
        int i = 0;
        for (RecordedEvent event : connection.log()) {
            text.append(leftOut(connection, i++))
                    .append(millis(event))
                    .append("  ")
                    .append(common ? sinceFirst(connection, event) : "")
                    .append(line(connection, event, peer))
                    .append('\n');
        }
        text.append(leftOut(connection, i));
        if (connection.ending().isEmpty()) {
            text.append("(still open)\n");
        }
    }

    /** Returns the milliseconds since the first connection of the recording, such as "+12345.678  ". */
    private static String sinceFirst(RecordedConnection connection, RecordedEvent event) {
        return pad("+" + Quantities.millis(connection.opened().plus(event.after())), 11) + "  ";
    }

    /** Returns how many events are missing, if they are missing before the event of this index. */
    private static String leftOut(RecordedConnection connection, int index) {
        return index == connection.log().beforeTheGap()
                ? "(" + connection.eventsLeftOut() + " events more, not kept)\n"
                : "";
    }

    private static String line(RecordedConnection connection, RecordedEvent event, String peer) {
        return switch (event.kind()) {
            case ACCEPTED -> "connection from " + peer;
            case CONNECTED -> "connected to " + peer + " from " + HostAndPort.text(connection.localSocketAddress());
            case REJECTED -> "rejecting " + peer;
            case RECEIVED -> "received " + payload(connection, event) + " from " + peer;
            case SENT -> "sending " + payload(connection, event) + " to " + peer;
            case FAULT -> "applying " + event.detail() + " to " + peer;
            case NOTE -> "note: " + event.detail();
            case STEP -> event.detail();
            case MISMATCH -> "mismatch at " + event.detail();
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
        text.append(pad("      ms  client " + HostAndPort.text(connection.client()), COLUMN + 10))
                .append("server ")
                .append(HostAndPort.text(connection.server()))
                .append('\n');
        int i = 0;
        for (RecordedEvent event : connection.log()) {
            text.append(leftOut(connection, i++));
            String what = side(connection, event);
            text.append(millis(event))
                    .append("  ")
                    .append(event.isByClient(connection.recordedBy()) ? what + " -->" : pad("", COLUMN) + "<-- " + what)
                    .append('\n');
        }
        text.append(leftOut(connection, i));
        return text.toString();
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
        int i = 0;
        for (RecordedEvent event : connection.log()) {
            text.append(leftOut(connection, i++));
            if (event.bytes() > 0) {
                String direction = event.isByClient(connection.recordedBy()) ? "> " : "< ";
                byte[] bytes = connection.bytes(event);
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
        }
        text.append(leftOut(connection, i));
        return text.toString();
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

    /** Returns the milliseconds since the start, such as "   12.345". */
    private static String millis(RecordedEvent event) {
        return millis(event.after());
    }

    static String millis(Duration after) {
        String millis = Quantities.millis(after);
        return " ".repeat(Math.max(0, 9 - millis.length())) + millis;
    }

    static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
