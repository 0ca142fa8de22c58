package org.echoharness.page;

import java.io.IOException;
import java.util.List;

/**
 * Writes the page of a recording, piece by piece: the head, each connection, and the end. It is complete without its
 * script, which adds filters, the switch to hexadecimal and keys.
 */
public final class RecordingPage {

    private static final String SHAPES = """
            <svg class="shapes" aria-hidden="true"><defs>
            <g id="fc"><path class="m-fin" d="M-3 5H3M0 5V12"/></g>
            <g id="fs"><path class="m-fin" d="M-3 19H3M0 12V19"/></g>
            <g id="rc"><path class="m-rst" d="M-4 2L4 10M-4 10L4 2"/></g>
            <g id="rs"><path class="m-rst" d="M-4 14L4 22M-4 22L4 14"/></g>
            <g id="fa"><path class="m-fault" d="M0 13L5 22H-5Z"/></g>
            <g id="mi"><path class="m-mismatch" d="M0 6L6 12L0 18L-6 12Z"/></g>
            <g id="do"><path class="m-do" d="M0 2v20"/></g>
            """;
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
        connection(connection, TimeAxis.widest(), true, out);
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
        out.append("</style>\n</head>\n<body>\n").append(SHAPES).append("<g id=\"grid\">");
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
        for (PageHead.Fact fact : head.facts()) {
            out.append("<div><dt>").append(fact.word()).append("</dt><dd>");
            out.append(HtmlText.of(fact.text())).append("</dd></div>\n");
        }
        out.append("</dl>\n");
        happened();
        out.append("</header>\n<main>\n");
    }

    private void happened() throws IOException {
        if (head.happened().isEmpty()) {
            return;
        }
        out.append("<h2>What happened to ").append(head.of()).append("</h2>\n<ul class=\"log\">\n");
        for (PageHead.Happened happened : head.happened()) {
            out.append("<li>").append(HtmlText.of(happened.line())).append("</li>\n");
        }
        out.append("</ul>\n");
    }

    /** Writes the axis above the connections. */
    public void startConnections() throws IOException {
        out.append("<h2 id=\"list\">Connections</h2>\n<ul class=\"legend\">");
        out.append("<li>above a line: by the client; below it: by the server</li>");
        legend(
                "<path class=\"up\" d=\"M4 12v-5M8 12v-8M12 12v-4\"/><path class=\"dn\" d=\"M4 13v5M8 13v8M12 13v4\"/>",
                "bytes");
        legend(use("fc") + use("fs"), "FIN");
        legend(use("rc") + use("rs"), "RST");
        legend(use("fa"), "fault");
        legend(use("mi"), "mismatch of a script");
        if (!head.happened().isEmpty()) {
            legend(use("do"), "done to " + head.of());
        }
        out.append("</ul>\n<div class=\"axis\"><span class=\"n\">no.</span><span class=\"w\">client</span>");
        out.append("<span class=\"q\">to server</span><span class=\"q\">to client</span><span class=\"y\">end, faults");
        out.append("</span><svg class=\"t\" role=\"img\" aria-label=\"time since the first connection, in all ");
        out.append(TimeAxis.text(head.span())).append("\">");
        axis.writeLabels(out);
        for (PageHead.Happened happened : head.happened()) {
            out.append("<use href=\"#do\" x=\"")
                    .append(axis.percent(happened.since()))
                    .append("\"/>");
        }
        out.append("</svg></div>\n<div id=\"all\">\n");
    }

    private static String use(String shape) {
        return "<use href=\"#" + shape + "\" x=\"8\"/>";
    }

    private void legend(String shape, String meaning) throws IOException {
        out.append("<li><svg aria-hidden=\"true\">").append(shape).append("</svg>");
        out.append(meaning).append("</li>");
    }

    /** Writes one connection: its row in the overview, which unfolds to the conversation. */
    public void connection(PageConnection connection) throws IOException {
        connection(connection, axis, isUnfolded, out);
    }

    private static void connection(PageConnection connection, TimeAxis axis, boolean isUnfolded, Appendable out)
            throws IOException {
        out.append("<details class=\"c\"");
        if (connection.number() > 0) {
            out.append(" id=\"c").append(Long.toString(connection.number())).append('"');
        }
        out.append(" data-n=\"").append(Long.toString(connection.number())).append("\" data-e=\"");
        out.append(connection.end().style());
        boolean isMismatch = connection.events().stream().anyMatch(event -> event.kind() == PageEvent.Kind.MISMATCH);
        out.append(isMismatch ? " mismatch" : "").append("\" data-s=\"");
        out.append(Long.toString(connection.opened())).append("\" data-f=\"");
        out.append(HtmlText.attribute(String.join("\n", connection.faults()))).append('"');
        out.append(isUnfolded ? " open=\"\">\n" : ">\n");
        OverviewRow.write(connection, axis, out);
        LadderHtml.write(connection, out);
        out.append("</details>\n");
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
