package org.echoharness;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Escaping;
import org.echoharness.text.FirstDifference;
import org.echoharness.text.Quantities;
import org.echoharness.text.ServerLog;
import org.echoharness.text.TextSize;
import org.jspecify.annotations.Nullable;

/** Writes recorded connections as one page: without a script or a link, and with every byte of the wire escaped. */
final class HtmlPage {

    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Echo conversation</title>
            <style>
            body { font: 14px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; }
            table { border-collapse: collapse; width: 100%; margin-bottom: 2em; table-layout: fixed; }
            th, td { padding: .25em .6em; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; }
            th:first-child, td:first-child { width: 7em; text-align: right; font-variant-numeric: tabular-nums; }
            th, td, p, code { overflow-wrap: anywhere; }
            td, p, code { white-space: pre-wrap; }
            code { font: 13px/1.4 ui-monospace, monospace; unicode-bidi: isolate; white-space: break-spaces; }
            .e { display: inline-block; }
            .client { background: #eef6ff; } .server { background: #f1f8ee; }
            .fault, .rst { background: #fff0ec; font-weight: 600; } .note { color: #555; }
            .relay { background: #f7f4fb; } .changed { background: #fff3c4; font-weight: 600; }
            @media (max-width: 40em) {
            body { margin: 1em auto; padding: 0 .5em; } th, td { padding: .25em .3em; }
            th:first-child, td:first-child { width: 7.5em; font-size: 12px; }
            }
            </style>
            </head>
            <body>
            <h1>Echo conversation</h1>
            """;

    private HtmlPage() {}

    /** Returns how many bytes a connection takes in the page. */
    static long size(RecordedConnection connection) throws IOException {
        return TextSize.of(text -> section(connection, text));
    }

    static void write(
            List<RecordedConnection> connections, long leftOut, String note, ServerLog.Snapshot server, Path file)
            throws IOException {
        CompleteFile.write(file, out -> {
            Writer page = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            write(connections, leftOut, note, server, page);
            page.flush();
        });
    }

    /** @param server what happened to the server as a whole */
    static void write(
            List<RecordedConnection> connections, long leftOut, String note, ServerLog.Snapshot server, Appendable page)
            throws IOException {
        page.append(HEAD);
        for (RecordedConnection connection : connections) {
            section(connection, page);
        }
        if (connections.isEmpty()) {
            page.append("<p class=\"note\">No connection came.</p>\n");
        }
        if (leftOut > 0) {
            page.append("<p class=\"note\">")
                    .append(Long.toString(leftOut))
                    .append(leftOut == 1 ? " connection was" : " connections were")
                    .append(" not kept.</p>\n");
        }
        if (!server.events().isEmpty()) {
            heading(server.of(), page);
            for (String line : server.lines()) {
                page.append("<p class=\"note\">").append(escape(line)).append("</p>\n");
            }
        }
        if (!note.isEmpty()) {
            page.append("<p class=\"note\">").append(escape(note)).append("</p>\n");
        }
        page.append("</body>\n</html>\n");
    }

    private static void heading(String name, Appendable page) throws IOException {
        page.append("<h2>")
                .append(Character.toUpperCase(name.charAt(0)))
                .append(name.substring(1))
                .append("</h2>\n");
    }

    private static void section(RecordedConnection connection, Appendable page) throws IOException {
        heading(connection.name(), page);
        page.append("<p>").append(Escaping.bytes(connection.bytesReceived())).append(" received, ");
        page.append(Escaping.bytes(connection.bytesSent()))
                .append(connection.recordedBy() == Ending.Side.CLIENT ? " sent; connected " : " sent; accepted ")
                .append(connection.accepted().toString())
                .append("; ");
        page.append(end(connection)).append(".</p>\n");
        RecordedConnection upstream = connection.upstream().orElse(null);
        if (upstream != null) {
            page.append("<p>Relayed to ").append(escape(upstream.peer())).append(": ");
            page.append(Escaping.bytes(upstream.bytesReceived())).append(" received, ");
            page.append(Escaping.bytes(upstream.bytesSent())).append(" sent; connected ");
            page.append(upstream.accepted().toString())
                    .append("; ")
                    .append(end(upstream))
                    .append(".</p>\n");
        }
        Relay relay = Relay.of(connection);
        changes(connection, relay, page);
        page.append("<table>\n<thead><tr><th>ms</th><th>client ");
        page.append(escape(HostAndPort.text(connection.client())))
                .append(upstream == null ? "</th><th>server " : "</th><th>relay ");
        page.append(escape(HostAndPort.text(connection.server())));
        if (upstream != null) {
            page.append("</th><th>server ").append(escape(HostAndPort.text(upstream.server())));
        }
        page.append("</th></tr></thead>\n<tbody>\n");
        int columns = upstream == null ? 2 : 3;
        Transcript.visit(connection, new Transcript.Visitor() {
            @Override
            public void event(RecordedConnection leg, RecordedEvent event, Duration after) throws IOException {
                row(relay, leg, event, after, page);
            }

            @Override
            public void gap(RecordedConnection leg) throws IOException {
                page.append("<tr><td></td><td class=\"note\" colspan=\"" + columns + "\">")
                        .append(Long.toString(leg.eventsLeftOut()))
                        .append(" more events ")
                        .append(leg.isUpstream() ? "of the upstream " : "")
                        .append("were not kept.</td></tr>\n");
            }
        });
        page.append("</tbody>\n</table>\n");
    }

    private static String end(RecordedConnection leg) {
        return leg.ending()
                .map(ending -> "ended by " + escape(ending.toString()))
                .orElse("still open");
    }

    /** States what a relay changed. */
    private static void changes(RecordedConnection connection, @Nullable Relay relay, Appendable page)
            throws IOException {
        boolean isSame = relay == null || (relay.toServer() == null && relay.toClient() == null);
        for (String change : Transcript.changes(connection)) {
            page.append(isSame ? "<p class=\"note\">" : "<p class=\"changed\">")
                    .append(Character.toUpperCase(change.charAt(0)))
                    .append(escape(change.substring(1)))
                    .append(".</p>\n");
        }
    }

    /** The legs of a relay, and the first difference in each direction, if there is any. */
    private record Relay(
            RecordedConnection client,
            RecordedConnection upstream,
            @Nullable FirstDifference toServer,
            @Nullable FirstDifference toClient) {

        static @Nullable Relay of(RecordedConnection client) {
            RecordedConnection upstream = client.upstream().orElse(null);
            return upstream == null
                    ? null
                    : new Relay(
                            client,
                            upstream,
                            Transcript.difference(client, upstream, true),
                            Transcript.difference(client, upstream, false));
        }

        /** Returns what the relay changed in the bytes of an event, as HTML; empty if nothing. */
        String change(RecordedConnection leg, RecordedEvent event) {
            boolean isSent = event.kind() == RecordedEvent.Kind.SENT;
            boolean isToServer = leg.isUpstream() == isSent;
            FirstDifference first = isToServer ? toServer : toClient;
            if (first == null || event.bytes() == 0 || first.offset() >= event.offset() + event.bytes()) {
                return "";
            }
            String what = isSent ? changed(isToServer, event) : lost(isToServer ? upstream : client, first, event);
            return what.isEmpty() ? "" : " <span class=\"note\">(" + escape(what) + ")</span>";
        }

        private String changed(boolean isToServer, RecordedEvent event) {
            RecordedConnection.Stream came = isToServer ? client.toServer() : upstream.toClient();
            RecordedConnection.Stream sent = isToServer ? upstream.toServer() : client.toClient();
            int from = (int) Math.min(
                    event.offset(), Math.min(came.kept().limit(), sent.kept().limit()));
            int to = (int) Math.min(event.offset() + event.bytes(), sent.kept().limit());
            int same = Math.min(to, came.kept().limit()) - from;
            int offset = came.kept()
                    .slice(from, Math.max(0, same))
                    .mismatch(sent.kept().slice(from, Math.max(0, same)));
            if (offset >= 0) {
                return "changed: at offset " + (from + offset) + " came "
                        + Escaping.excerpt(came.kept(), from + offset);
            }
            long more = event.offset() + event.bytes() - Math.max(event.offset(), came.total());
            return more > 0 ? "added: " + Escaping.bytes(more) : "";
        }

        private static String lost(RecordedConnection to, FirstDifference first, RecordedEvent event) {
            long end = event.offset() + event.bytes();
            long missing = end - Math.max(event.offset(), first.offset());
            return first.seen().equals(FirstDifference.NOTHING) && to.ending().isPresent()
                    ? Escaping.bytes(missing) + " of them not passed on"
                    : "";
        }
    }

    private static void row(
            @Nullable Relay relay, RecordedConnection leg, RecordedEvent event, Duration after, Appendable page)
            throws IOException {
        int columns = relay == null ? 2 : 3;
        int column = Transcript.column(leg, event);
        boolean isOfRelay = relay != null && column == 1;
        String change = relay == null ? "" : relay.change(leg, event);
        String by = isOfRelay ? "relay" : column == 0 ? "client" : "server";
        String style = switch (event.kind()) {
            case FAULT -> "fault";
            case NOTE, STEP -> "note";
            case CLIENT_RST, SERVER_RST, REJECTED, MISMATCH -> "rst";
            case ACCEPTED, CONNECTED, RECEIVED, SENT, CLIENT_FIN, SERVER_FIN -> change.isEmpty() ? by : "changed";
        };
        page.append("<tr><td>")
                .append(Quantities.millis(after))
                .append(
                        isFirst(relay, leg)
                                ? ""
                                : "\n<span class=\"note\">+"
                                        + Quantities.millis(leg.opened().plus(event.after())) + "</span>")
                .append("</td>")
                .append("<td></td>".repeat(column))
                .append("<td class=\"" + style + "\">")
                .append(isOfRelay ? direction(leg, event) : "")
                .append(what(leg, event))
                .append(change)
                .append("</td>")
                .append("<td></td>".repeat(columns - 1 - column))
                .append("</tr>\n");
    }

    /** Returns whether the leg, or with a relay its client's, is the first connection of its recording. */
    private static boolean isFirst(@Nullable Relay relay, RecordedConnection leg) {
        return (relay == null ? leg : relay.client()).opened().isZero();
    }

    /** Returns which way a relay acts. */
    private static String direction(RecordedConnection leg, RecordedEvent event) {
        return switch (event.kind()) {
            case ACCEPTED, RECEIVED, FAULT, NOTE, STEP, MISMATCH -> "";
            case CONNECTED, SENT, CLIENT_FIN, CLIENT_RST, SERVER_FIN, SERVER_RST, REJECTED ->
                leg.isUpstream() ? "to server: " : "to client: ";
        };
    }

    private static String what(RecordedConnection connection, RecordedEvent event) {
        String detail = event.detail().isEmpty() ? "" : ": " + escape(event.detail());
        return switch (event.kind()) {
            case ACCEPTED, CONNECTED -> "connects";
            case REJECTED -> "rejected: RST" + detail;
            case FAULT -> "fault" + detail;
            case NOTE -> "note" + detail;
            case STEP -> escape(event.detail());
            case MISMATCH -> "mismatch" + detail;
            case CLIENT_FIN, SERVER_FIN -> "FIN" + detail;
            case CLIENT_RST, SERVER_RST -> "RST" + detail;
            case RECEIVED, SENT -> {
                byte[] kept = connection.bytes(event);
                if (kept.length == 0) {
                    yield Escaping.bytes(event.bytes()) + " <span class=\"note\">(not kept)</span>";
                }
                String note = kept.length < event.bytes()
                        ? " <span class=\"note\">(" + kept.length + " of them kept)</span>"
                        : "";
                yield Escaping.bytes(event.bytes()) + " <code>" + escape(Escaping.quote(ByteBuffer.wrap(kept)))
                        + "</code>" + note;
            }
        };
    }

    /**
     * Escapes for HTML a text in which {@link Escaping} has made everything visible. Lines do not break within an
     * escape.
     */
    private static String escape(String text) {
        StringBuilder html = new StringBuilder(text.length() + 16);
        for (int at = 0; at < text.length(); ) {
            int length = Escaping.pieceAt(text, at);
            String piece = text.substring(at, Math.min(text.length(), at + length));
            if (piece.startsWith("\\")) {
                html.append("<span class=\"e\">").append(entities(piece)).append("</span>");
            } else {
                html.append(entities(piece));
            }
            at += length;
        }
        return html.toString();
    }

    private static String entities(String piece) {
        return switch (piece) {
            case "&" -> "&amp;";
            case "<" -> "&lt;";
            case ">" -> "&gt;";
            case "\"" -> "&quot;";
            default -> piece.replace("\"", "&quot;");
        };
    }
}
