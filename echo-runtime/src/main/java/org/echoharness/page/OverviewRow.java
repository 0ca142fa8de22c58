package org.echoharness.page;

import java.io.IOException;
import java.util.TreeMap;
import org.echoharness.page.PageEvent.Kind;

/**
 * Writes the row of a connection: its number, the client, bytes each way, its end, and its life on the common time axis.
 * What the client did stands above the line, what the server did below it.
 */
final class OverviewRow {

    private static final int MOST_FAULTS = 20;

    private OverviewRow() {}

    static void write(PageConnection connection, TimeAxis axis, Appendable out) throws IOException {
        words(connection, out);
        out.append("<svg class=\"t\" aria-hidden=\"true\"><use href=\"#grid\"/>");
        drawing(connection, axis, out);
        out.append("</svg></summary>\n");
    }

    private static void words(PageConnection connection, Appendable out) throws IOException {
        out.append("<summary><span class=\"n\">");
        if (connection.number() == 0) {
            out.append("\u2013");
        } else {
            out.append("<span class=\"v\">Connection </span>").append(Long.toString(connection.number()));
        }
        out.append("</span> <span class=\"w\">")
                .append(HtmlText.of(connection.ends().get(0).address()));
        out.append("</span> ");
        count(connection.toServer(), " to the server,", out);
        count(connection.toClient(), " to the client,", out);
        out.append("<span class=\"y\"><b class=\"");
        out.append(connection.end().style())
                .append("\">")
                .append(connection.end().text())
                .append("</b> ");
        out.append(why(connection)).append("</span>");
    }

    /** Writes a row whose picture has the connection's own life as its width. The page puts it on an axis that grows. */
    static void writeAlone(PageConnection connection, Appendable out) throws IOException {
        words(connection, out);
        out.append("<span class=\"t\" aria-hidden=\"true\"><svg class=\"s\">");
        drawing(connection, TimeAxis.ofLife(connection), out);
        out.append("</svg></span></summary>\n");
    }

    private static void count(long bytes, String where, Appendable out) throws IOException {
        out.append("<span class=\"q\">").append(Long.toString(bytes));
        out.append(bytes == 1 ? "<span class=\"v\"> byte" : "<span class=\"v\"> bytes");
        out.append(where).append("</span></span> ");
    }

    /** Returns why the connection ended, and the faults on it unless they are the reason. */
    private static String why(PageConnection connection) {
        StringBuilder why = new StringBuilder(HtmlText.of(connection.end().why()));
        connection.faults().stream()
                .filter(fault -> !fault.equals(connection.end().why()))
                .limit(MOST_FAULTS)
                .forEach(fault -> why.append(why.isEmpty() ? "" : ", ").append(HtmlText.of(fault)));
        return why.toString();
    }

    private static void drawing(PageConnection connection, TimeAxis axis, Appendable out) throws IOException {
        out.append("<rect class=\"life ");
        out.append(connection.end().style()).append("\" x=\"").append(axis.percent(connection.opened()));
        out.append("\" y=\"11\" height=\"2\" width=\"");
        boolean isOpen = connection.end().style().equals("open");
        out.append(
                isOpen
                        ? axis.length(connection.opened(), Long.MAX_VALUE)
                        : axis.length(connection.opened(), connection.last()));
        out.append("\"/><svg viewBox=\"0 0 ").append(Integer.toString(TimeAxis.PLACES));
        out.append(" 24\" preserveAspectRatio=\"none\">");
        bars(connection, axis, true, out);
        bars(connection, axis, false, out);
        out.append("</svg>");
        marks(connection, axis, out);
    }

    /** Writes a bar for the bytes of each place, as high as the number of its digits. */
    private static void bars(PageConnection connection, TimeAxis axis, boolean toServer, Appendable out)
            throws IOException {
        TreeMap<Integer, Long> bytes = new TreeMap<>();
        for (PageEvent event : connection.events()) {
            if (event.kind() == Kind.BYTES && event.from() + event.to() == 1 && event.isToServer() == toServer) {
                bytes.merge(axis.place(connection.opened() + event.after()), event.bytes(), Long::sum);
            }
        }
        if (bytes.isEmpty()) {
            return;
        }
        out.append(toServer ? "<path class=\"up\" d=\"" : "<path class=\"dn\" d=\"");
        for (var place : bytes.entrySet()) {
            int height = Math.min(9, 3 + Long.toString(place.getValue()).length());
            out.append('M').append(TimeAxis.digits(place.getKey())).append(toServer ? " 11v-" : " 13v");
            out.append(Integer.toString(height));
        }
        out.append("\"/>");
    }

    private static void marks(PageConnection connection, TimeAxis axis, Appendable out) throws IOException {
        String last = "";
        for (PageEvent event : connection.events()) {
            String shape = shape(event);
            if (!shape.isEmpty()) {
                String x = axis.percent(connection.opened() + event.after());
                if (!last.equals(shape + x)) {
                    out.append("<use href=\"#")
                            .append(shape)
                            .append("\" x=\"")
                            .append(x)
                            .append("\"/>");
                }
                last = shape + x;
            }
        }
    }

    private static String shape(PageEvent event) {
        boolean isOfClientLeg = event.from() + event.to() == 1;
        return switch (event.kind()) {
            case FIN -> isOfClientLeg ? (event.isToServer() ? "fc" : "fs") : "";
            case RST, REJECT -> isOfClientLeg ? (event.isToServer() ? "rc" : "rs") : "";
            case FAULT -> "fa";
            case MISMATCH, ALERT -> "mi";
            case CONNECT, BYTES, STEP, HANDSHAKE, NOTE, MISSING -> "";
        };
    }
}
