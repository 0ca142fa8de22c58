package org.echoharness.junit;

import org.echoharness.text.Escaping;

/** Shortens text in which the runtime has escaped invisible characters. */
final class EscapedText {

    private EscapedText() {}

    /** Shortens a text that is too long. Never cuts within a character or an escape. */
    static String cut(String text, int most) {
        return text.length() <= most ? text : Escaping.first(text, most) + "…";
    }
}
