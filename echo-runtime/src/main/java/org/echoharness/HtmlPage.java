package org.echoharness;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.echoharness.text.ServerLog;
import org.echoharness.text.TextSize;

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
        page.append(connection
                        .ending()
                        .map(ending -> "ended by " + escape(ending.toString()))
                        .orElse("still open"))
                .append(".</p>\n<table>\n<thead><tr><th>ms</th><th>client ");
        page.append(escape(HostAndPort.text(connection.client()))).append("</th><th>server ");
        page.append(escape(HostAndPort.text(connection.server()))).append("</th></tr></thead>\n<tbody>\n");
        int i = 0;
        for (RecordedEvent event : connection.log()) {
            leftOut(connection, i++, page);
            row(connection, event, page);
        }
        leftOut(connection, i, page);
        page.append("</tbody>\n</table>\n");
    }

    private static void leftOut(RecordedConnection connection, int index, Appendable page) throws IOException {
        if (index == connection.log().beforeTheGap()) {
            page.append("<tr><td></td><td class=\"note\" colspan=\"2\">")
                    .append(Long.toString(connection.eventsLeftOut()))
                    .append(" more events were not kept.</td></tr>\n");
        }
    }

    private static void row(RecordedConnection connection, RecordedEvent event, Appendable page) throws IOException {
        boolean byClient = event.isByClient(connection.recordedBy());
        String style = switch (event.kind()) {
            case FAULT -> "fault";
            case NOTE, STEP -> "note";
            case CLIENT_RST, SERVER_RST, REJECTED, MISMATCH -> "rst";
            case ACCEPTED, CONNECTED, RECEIVED, SENT, CLIENT_FIN, SERVER_FIN -> byClient ? "client" : "server";
        };
        String cell = "<td class=\"" + style + "\">" + what(connection, event) + "</td>";
        page.append("<tr><td>")
                .append(event.millis())
                .append(
                        connection.opened().isZero()
                                ? ""
                                : "\n<span class=\"note\">+"
                                        + Quantities.millis(connection.opened().plus(event.after())) + "</span>")
                .append("</td>")
                .append(byClient ? cell + "<td></td>" : "<td></td>" + cell)
                .append("</tr>\n");
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
