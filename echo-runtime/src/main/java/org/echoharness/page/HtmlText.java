package org.echoharness.page;

import org.echoharness.text.Escaping;

/** Turns texts in which {@link Escaping} has made everything visible into HTML. */
public final class HtmlText {

    private HtmlText() {}

    /** Returns the text as HTML. Escapes are marked, and lines do not break within one. */
    public static String of(String escaped) {
        return html(escaped, false);
    }

    /** Returns the payload as HTML: as {@link #of} does, but with a line break after each LF, and quotes as they are. */
    static String payload(String escaped) {
        return html(escaped, true);
    }

    private static String html(String text, boolean isPayload) {
        StringBuilder html = new StringBuilder(text.length() + 16);
        boolean isOpen = false; // neighbouring escapes share a mark
        for (int at = 0; at < text.length(); ) {
            String piece = text.substring(at, Math.min(text.length(), at + Escaping.pieceAt(text, at)));
            at += piece.length();
            if (isPayload && piece.equals("\\\"")) {
                piece = "\"";
            }
            boolean isEscape = piece.startsWith("\\");
            if (isEscape) {
                html.append(isOpen ? "<wbr/>" : "<i>").append(entities(piece));
            } else {
                html.append(isOpen ? "</i>" : "").append(entities(piece));
            }
            isOpen = isEscape;
            if (isPayload && piece.equals("\\n")) {
                html.append("</i>\n");
                isOpen = false;
            }
        }
        return html.append(isOpen ? "</i>" : "").toString();
    }

    /** Returns the text for the value of an attribute. */
    static String attribute(String text) {
        StringBuilder html = new StringBuilder(text.length());
        text.codePoints().forEach(point -> html.append(entities(Character.toString(point))));
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
