package org.echoharness.page;

import java.io.IOException;
import java.util.List;

/**
 * Writes the page of a recording, piece by piece: the head, each connection, and the end. It is complete without its
 * script, which adds filters, the switch to hexadecimal and keys.
 */
public final class RecordingPage {

    private final TimeAxis axis;
    private final Appendable out;
    private final boolean isUnfolded;
    private PageHead head = new PageHead("", List.of(), "", List.of(), 0);

    /**
     * @param span nanoseconds from the first connection to the last event
     * @param isUnfolded whether connections are shown unfolded
     */
    public RecordingPage(long span, boolean isUnfolded, Appendable out) {
        this.axis = TimeAxis.of(span);
        this.isUnfolded = isUnfolded;
        this.out = out;
    }

    /** Writes a connection as the largest page has it, to find out its size. */
    public static void writeLargest(PageConnection connection, Appendable out) throws IOException {
        ConnectionHtml.write(connection, TimeAxis.widest(), true, out);
    }

    /** Writes what comes before the connections. */
    public void head(PageHead head) throws IOException {
        this.head = head;
        out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        out.append("<meta http-equiv=\"Content-Security-Policy\" content=\"").append(PageResources.policy());
        out.append("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        out.append("<meta name=\"color-scheme\" content=\"light dark\">\n<title>")
                .append(HtmlText.attribute(head.title()));
        out.append("</title>\n<style>").append(PageResources.style());
        out.append("</style>\n</head>\n<body>\n").append(PageParts.SHAPES).append("<g id=\"grid\">");
        axis.writeGrid(out);
        for (PageHead.Happened happened : head.happened()) {
            String x = axis.percent(happened.since());
            out.append("<line class=\"m-do\" x1=\"")
                    .append(x)
                    .append("\" x2=\"")
                    .append(x);
            out.append("\" y1=\"0\" y2=\"100%\"/>");
        }
        out.append("</g></defs></svg>\n<header>\n<h1>")
                .append(HtmlText.of(head.title()))
                .append("</h1>\n<dl>\n");
        PageParts.facts(head.facts(), out);
        out.append("</dl>\n");
        happened();
        out.append("</header>\n<main>\n");
    }

    private void happened() throws IOException {
        if (head.happened().isEmpty()) {
            return;
        }
        out.append("<h2>What happened to ").append(head.of()).append("</h2>\n<ul class=\"log\">\n");
        PageParts.lines(head.happened().stream().map(PageHead.Happened::line).toList(), out);
        out.append("</ul>\n");
    }

    /** Writes the axis above the connections. */
    public void startConnections() throws IOException {
        out.append("<h2 id=\"list\">Connections</h2>\n");
        PageParts.legend(head.happened().isEmpty() ? "" : head.of(), out);
        out.append("<div class=\"axis\">").append(PageParts.COLUMNS);
        out.append("<svg class=\"t\" role=\"img\" aria-label=\"time since the first connection, in all ");
        out.append(TimeAxis.text(head.span())).append("\">");
        axis.writeLabels(out);
        for (PageHead.Happened happened : head.happened()) {
            out.append("<use href=\"#do\" x=\"")
                    .append(axis.percent(happened.since()))
                    .append("\"/>");
        }
        out.append("</svg></div>\n<div id=\"all\">\n");
    }

    /** Writes one connection: its row in the overview, which unfolds to the conversation. */
    public void connection(PageConnection connection) throws IOException {
        ConnectionHtml.write(connection, axis, isUnfolded, out);
    }

    /** Ends the list of connections. */
    public void endConnections() throws IOException {
        out.append("</div>\n");
    }

    /** Writes what comes after the connections. */
    public void end(List<String> notes) throws IOException {
        for (String note : notes) {
            out.append("<p class=\"note\">").append(HtmlText.of(note)).append("</p>\n");
        }
        out.append("</main>\n<script>").append(PageResources.script()).append("</script>\n</body>\n</html>\n");
    }
}
