package org.echoharness.page;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Finds text in connections, as the filter of the page does: in addresses, in words, and in the bytes as they came. */
public final class ConnectionText {

    private ConnectionText() {}

    /**
     * Returns whether a connection has a text, in upper or lower case.
     *
     * @param text in lower case
     */
    public static boolean contains(PageConnection connection, String text) {
        if (has(connection.end().text(), text) || has(connection.end().why(), text)) {
            return true;
        }
        for (PageConnection.End end : connection.ends()) {
            if (has(end.role() + " " + end.address(), text)) {
                return true;
            }
        }
        for (String sentence : connection.facts()) {
            if (has(sentence, text)) {
                return true;
            }
        }
        for (PageEvent event : connection.events()) {
            if (has(event.kind().word + ": " + event.text(), text)
                    || has(event.change(), text)
                    || has(StandardCharsets.UTF_8.decode(event.kept().slice()).toString(), text)) {
                return true;
            }
        }
        return false;
    }

    private static boolean has(String part, String text) {
        return part.toLowerCase(Locale.ROOT).contains(text);
    }
}
