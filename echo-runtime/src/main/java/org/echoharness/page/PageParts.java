package org.echoharness.page;

import java.io.IOException;
import java.util.List;

/** The pieces of HTML that the page of a recording and the live page share, but for the connections. */
public final class PageParts {

    /** The shapes that rows refer to. The caller ends the element. */
    static final String SHAPES = """
            <svg class="shapes" aria-hidden="true"><defs>
            <g id="fc"><path class="m-fin" d="M-3 5H3M0 5V12"/></g>
            <g id="fs"><path class="m-fin" d="M-3 19H3M0 12V19"/></g>
            <g id="rc"><path class="m-rst" d="M-4 2L4 10M-4 10L4 2"/></g>
            <g id="rs"><path class="m-rst" d="M-4 14L4 22M-4 22L4 14"/></g>
            <g id="fa"><path class="m-fault" d="M0 13L5 22H-5Z"/></g>
            <g id="mi"><path class="m-mismatch" d="M0 6L6 12L0 18L-6 12Z"/></g>
            <g id="do"><path class="m-do" d="M0 2v20"/></g>
            """;

    /** The names of the columns. */
    static final String COLUMNS =
            "<span class=\"n\">no.</span><span class=\"w\">client</span><span class=\"q\">to server"
                    + "</span><span class=\"q\">to client</span><span class=\"y\">end, faults</span>";

    private PageParts() {}

    /** Writes rows of a word and what it is. */
    public static void facts(List<PageHead.Fact> facts, Appendable out) throws IOException {
        for (PageHead.Fact fact : facts) {
            out.append("<div><dt>").append(fact.word()).append("</dt><dd>");
            out.append(HtmlText.of(fact.text())).append("</dd></div>\n");
        }
    }

    /** Writes an item for each line. */
    public static void lines(Iterable<String> lines, Appendable out) throws IOException {
        for (String line : lines) {
            out.append("<li>").append(HtmlText.of(line)).append("</li>\n");
        }
    }

    /**
     * Writes what the signs mean.
     *
     * @param of what things can happen to, as a whole; empty if nothing has
     */
    static void legend(String of, Appendable out) throws IOException {
        out.append("<ul class=\"legend\"><li>above a line: by the client; below it: by the server</li>");
        sign(
                "<path class=\"up\" d=\"M4 12v-5M8 12v-8M12 12v-4\"/><path class=\"dn\" d=\"M4 13v5M8 13v8M12 13v4\"/>",
                "bytes",
                out);
        sign(use("fc") + use("fs"), "FIN", out);
        sign(use("rc") + use("rs"), "RST", out);
        sign(use("fa"), "fault", out);
        sign(use("mi"), "mismatch of a script, alert of TLS", out);
        if (!of.isEmpty()) {
            sign(use("do"), "done to " + of, out);
        }
        out.append("</ul>\n");
    }

    private static String use(String shape) {
        return "<use href=\"#" + shape + "\" x=\"8\"/>";
    }

    private static void sign(String shape, String meaning, Appendable out) throws IOException {
        out.append("<li><svg aria-hidden=\"true\">").append(shape).append("</svg>");
        out.append(meaning).append("</li>");
    }
}
