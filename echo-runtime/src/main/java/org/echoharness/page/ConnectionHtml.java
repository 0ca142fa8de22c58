package org.echoharness.page;

import java.io.IOException;

/** Writes a connection: a row of the overview, which unfolds to the conversation. */
public final class ConnectionHtml {

    private ConnectionHtml() {}

    /** Writes a connection for a page whose time does not go on. */
    static void write(PageConnection connection, TimeAxis axis, boolean isUnfolded, Appendable out) throws IOException {
        begin(connection, out);
        out.append(isUnfolded ? " open=\"\">\n" : ">\n");
        OverviewRow.write(connection, axis, out);
        LadderHtml.write(connection, out);
        out.append("</details>\n");
    }

    /**
     * Writes a connection for the live page: a row without the conversation, unless the connection was rejected and so has no
     * number to ask for it with.
     */
    public static void writeRow(PageConnection connection, Appendable out) throws IOException {
        begin(connection, out);
        out.append(" data-w=\"").append(Long.toString(connection.last() - connection.opened()));
        out.append("\">\n");
        OverviewRow.writeAlone(connection, out);
        if (connection.number() == 0) {
            LadderHtml.write(connection, out);
        }
        out.append("</details>\n");
    }

    /** Writes the conversation alone. */
    public static void writeLadder(PageConnection connection, Appendable out) throws IOException {
        LadderHtml.write(connection, out);
    }

    private static void begin(PageConnection connection, Appendable out) throws IOException {
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
    }
}
