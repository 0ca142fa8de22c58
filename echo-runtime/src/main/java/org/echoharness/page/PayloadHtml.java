package org.echoharness.page;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.echoharness.text.Escaping;
import org.echoharness.text.Utf8;

/** Writes the bytes of one event: text as text, other bytes in hexadecimal. Folds all but the first ones. */
final class PayloadHtml {

    /** The most bytes of one event that the page shows. */
    static final int MOST = 4_096;

    private static final int UNFOLDED = 512;
    private static final int UNFOLDED_LINES = 12;
    private static final int HEX_LINE = 16;

    private final ByteBuffer bytes;
    private final long offset;
    private final Appendable out;
    private final boolean isHex;

    private PayloadHtml(ByteBuffer bytes, long offset, Appendable out) {
        this.bytes = bytes;
        this.offset = offset;
        this.out = out;
        this.isHex = isBinary(bytes, shown(bytes));
    }

    /** Writes the bytes that are kept of an event. */
    static void write(PageEvent event, Appendable out) throws IOException {
        if (event.kept().hasRemaining()) {
            new PayloadHtml(event.kept().slice(), event.offset(), out).write();
        }
    }

    private void write() throws IOException {
        int shown = shown(bytes);
        int first = isHex ? firstOfHex(shown) : firstOfText(shown);
        part(0, first);
        if (first < shown) {
            out.append("<details class=\"more\"><summary>")
                    .append(Escaping.bytes(shown - first))
                    .append(" more</summary>");
            part(first, shown);
            out.append("</details>");
        }
        if (shown < bytes.limit()) {
            out.append("<p class=\"dim\">The first ")
                    .append(Integer.toString(shown))
                    .append(" bytes are shown. The pcapng file has all ")
                    .append(Integer.toString(bytes.limit()))
                    .append(" that are kept.</p>");
        }
    }

    private static int shown(ByteBuffer bytes) {
        return bytes.limit() <= MOST ? bytes.limit() : Utf8.boundary(bytes, MOST);
    }

    private int firstOfHex(int shown) {
        return shown <= UNFOLDED / 2 ? shown : UNFOLDED / 4;
    }

    private int firstOfText(int shown) {
        int lines = 0;
        for (int at = 0; at < Math.min(shown, UNFOLDED); at++) {
            lines += bytes.get(at) == '\n' ? 1 : 0;
            if (lines == UNFOLDED_LINES && shown - at > UNFOLDED / 8) {
                return at + 1;
            }
        }
        return shown <= UNFOLDED + UNFOLDED / 4 ? shown : Utf8.boundary(bytes, UNFOLDED);
    }

    /** Returns whether more than a fifth of the bytes are not text. */
    private static boolean isBinary(ByteBuffer bytes, int end) {
        int other = 0;
        for (int at = 0; at < end; ) {
            int point = Utf8.codePoint(bytes, at, end);
            boolean isText = Utf8.isShown(point) || point == '\n' || point == '\r' || point == '\t';
            other += isText ? 0 : Utf8.length(point);
            at += Utf8.length(point);
        }
        return other * 5 > end;
    }

    private void part(int from, int to) throws IOException {
        out.append(isHex ? "<pre class=\"b x\" data-o=\"" : "<pre class=\"b\" data-o=\"")
                .append(Long.toString(offset + from))
                .append("\">");
        if (isHex) {
            for (int at = from; at < to; at += HEX_LINE) {
                hexLine(at, Math.min(to, at + HEX_LINE));
            }
        } else {
            for (int at = from; at < to; ) {
                int end = Math.min(to, Utf8.boundary(bytes, Math.min(to, at + Escaping.SHOWN)));
                String quoted = Escaping.quote(bytes.slice(at, end - at));
                out.append(HtmlText.payload(quoted.substring(1, quoted.length() - 1)));
                at = end;
            }
        }
        out.append("</pre>");
    }

    private void hexLine(int from, int to) throws IOException {
        String digits = Long.toHexString(offset + from);
        out.append("0".repeat(Math.max(0, 8 - digits.length()))).append(digits).append(' ');
        StringBuilder ascii = new StringBuilder();
        for (int at = from; at < from + HEX_LINE; at++) {
            if (at < to) {
                int b = bytes.get(at) & 0xFF;
                out.append(' ').append(Character.forDigit(b >> 4, 16)).append(Character.forDigit(b & 15, 16));
                ascii.append(b >= 0x20 && b < 0x7F ? HtmlText.attribute(Character.toString(b)) : ".");
            } else {
                out.append("   ");
            }
        }
        out.append("  ").append(ascii).append('\n');
    }
}
