package org.echoharness.page;

import java.io.IOException;
import org.echoharness.page.PageEvent.Kind;
import org.echoharness.text.Escaping;

/** Writes a connection that unfolds: its life lines, and an arrow for each event that went from one to another. */
final class LadderHtml {

    private static final long SHORTEST_GAP = 10_000_000;
    private static final int GAPS = 20; // a gap is at least this part of the connection's life

    private final PageConnection connection;
    private final Appendable out;

    private LadderHtml(PageConnection connection, Appendable out) {
        this.connection = connection;
        this.out = out;
    }

    static void write(PageConnection connection, Appendable out) throws IOException {
        new LadderHtml(connection, out).write();
    }

    private void write() throws IOException {
        out.append("<div class=\"k\">\n");
        for (String fact : connection.facts()) {
            paragraph("", fact);
        }
        for (String change : connection.changes()) {
            paragraph(connection.isChanged() ? "changed" : "dim", change);
        }
        for (String limit : connection.limits()) {
            paragraph("cut", limit);
        }
        String lanes = connection.ends().size() == 2 ? "l2" : "l3";
        out.append("<div class=\"ends ").append(lanes).append("\"><span>ms</span>");
        for (PageConnection.End end : connection.ends()) {
            out.append("<span>")
                    .append(end.role())
                    .append(" ")
                    .append(HtmlText.of(end.address()))
                    .append("</span>");
        }
        out.append("</div>\n<ol class=\"l ").append(lanes).append("\">\n");
        long before = 0;
        for (PageEvent event : connection.events()) {
            gap(before, event.after());
            before = Math.max(before, event.after());
            row(event);
        }
        if (connection.end().style().equals("open")) {
            out.append("<li class=\"missing\"><div class=\"a\">still open</div></li>\n");
        }
        out.append("</ol>\n</div>\n");
    }

    private void paragraph(String style, String text) throws IOException {
        out.append(style.isEmpty() ? "<p>" : "<p class=\"" + style + "\">")
                .append(HtmlText.of(text))
                .append("</p>\n");
    }

    private void gap(long from, long to) throws IOException {
        long life = connection.last() - connection.opened();
        if (to - from >= Math.max(SHORTEST_GAP, life / GAPS)) {
            out.append("<li class=\"gap\"><div class=\"a\">")
                    .append(TimeAxis.text(to - from))
                    .append(" later</div></li>\n");
        }
    }

    private void row(PageEvent event) throws IOException {
        if (event.kind() == Kind.MISSING) {
            out.append("<li class=\"missing\"><div class=\"a\">")
                    .append(HtmlText.of(event.text()))
                    .append("</div></li>\n");
            return;
        }
        out.append("<li class=\"").append(event.kind().style).append(' ');
        if (event.isArrow()) {
            out.append("g").append(Integer.toString(event.from())).append(Integer.toString(event.to()));
            out.append(event.isToServer() ? " up" : " dn");
        } else {
            out.append("p").append(Integer.toString(event.from()));
        }
        out.append(event.change().isEmpty() ? "" : " changed").append("\"><span class=\"t\">");
        out.append(TimeAxis.millis(event.after())).append("</span><div class=\"a\"><p class=\"h\">");
        out.append(event.isArrow() ? direction(event) : "").append(words(event)).append("</p>");
        if (!event.change().isEmpty()) {
            out.append("<p class=\"chg\">").append(HtmlText.of(event.change())).append("</p>");
        }
        PayloadHtml.write(event, out);
        out.append("</div></li>\n");
    }

    /** Returns the direction of an arrow, for those who do not see it. */
    private String direction(PageEvent event) {
        return "<span class=\"v\">" + connection.ends().get(event.from()).role() + " to "
                + connection.ends().get(event.to()).role() + ": </span>";
    }

    private static String words(PageEvent event) {
        if (event.kind() == Kind.BYTES) {
            long missing = event.bytes() - event.kept().remaining();
            return Escaping.bytes(event.bytes())
                    + (missing == 0
                            ? ""
                            : event.kept().hasRemaining()
                                    ? " <span class=\"dim\">(" + event.kept().remaining() + " of them kept)</span>"
                                    : "");
        }
        String word = event.kind().word;
        return word + (word.isEmpty() || event.text().isEmpty() ? "" : ": ") + HtmlText.of(event.text());
    }
}
