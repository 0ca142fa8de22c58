package org.echoharness.script;

import java.util.HashSet;
import java.util.Set;
import org.echoharness.text.Escaping;
import org.echoharness.text.Template;
import org.jspecify.annotations.Nullable;

/** Checks the patterns of lines and frames. */
final class Patterns {

    /** The pattern that matches any bytes. */
    static final String ANY = "*";

    private Patterns() {}

    /** Returns the pattern without needless escapes, or fails if no text could match it or a capture has no end. */
    static String checked(String pattern, String word) {
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c > 0xFF || (word.equals("line") && c == '\n')) {
                throw new IllegalArgumentException(
                        word + " (" + Escaping.cut(Escaping.quoteBytes(pattern)) + ") must have "
                                + (c > 0xFF
                                        ? "one character up to U+00FF for each byte"
                                        : "no line end; a line ends by itself, with LF or CR LF"));
            }
        }
        Template read = Template.of(pattern, true);
        Template.@Nullable Gap open = null;
        Set<String> names = new HashSet<>();
        for (Template.Part part : read.parts()) {
            if (!(part instanceof Template.Gap gap)) {
                open = null;
                continue;
            }
            if (!gap.name().isEmpty() && !names.add(gap.name())) {
                throw new IllegalArgumentException(
                        "{" + gap.name() + "} is captured twice in one pattern; give each a name of its own");
            }
            if (open != null && gap.bytes() == 0) {
                throw new IllegalArgumentException(open + " has no end, because " + gap
                        + " follows it at once; put text between them, or say how many bytes, such as {a:4}");
            }
            open = gap.bytes() == 0 ? gap : open;
        }
        return read.text(true);
    }

    static String quoted(String pattern) {
        return Template.of(pattern, true).quoted(true);
    }
}
