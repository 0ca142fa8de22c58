package org.echoharness.junit;

import org.echoharness.text.Escaping;

/** Shortens text in which the runtime has escaped invisible characters. */
final class EscapedText {

    private EscapedText() {}

    /** Its beginning, where it is longer. Neither a character nor an escape is cut. */
    static String cut(String text, int most) {
        return text.length() <= most ? text : Escaping.first(text, most) + "…";
    }
}
