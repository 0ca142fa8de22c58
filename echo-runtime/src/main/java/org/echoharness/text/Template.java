package org.echoharness.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A text with gaps. <code>{name}</code> is a gap with a name. In a pattern, <code>{name:4}</code> is one of exactly 4 bytes,
 * and {@code *} is one without a name. A backslash before a brace, a star or another backslash makes it an ordinary
 * character; any other backslash is one by itself. A brace that does not begin a gap is an ordinary character.
 *
 * @param parts the literals and gaps in their order; no two literals stand together
 */
public record Template(List<Part> parts) {

    /** A literal or a gap. */
    public sealed interface Part {}

    /**
     * Bytes as they are.
     *
     * @param latin1 one character for each byte; not empty
     */
    public record Literal(String latin1) implements Part {}

    /**
     * Stands for other bytes.
     *
     * @param name an empty string for {@code *}
     * @param bytes how many; 0 for any number
     */
    public record Gap(String name, int bytes) implements Part {

        @Override
        public String toString() {
            return name.isEmpty() ? "*" : "{" + name + (bytes == 0 ? "" : ":" + bytes) + "}";
        }
    }

    private static final Pattern NAMED = Pattern.compile("\\{([A-Za-z][A-Za-z0-9_-]*)()}");
    private static final Pattern SIZED = Pattern.compile("\\{([A-Za-z][A-Za-z0-9_-]*)(?::([0-9]{1,7}))?}");

    /** Copies the list. */
    public Template {
        parts = List.copyOf(parts);
    }

    /**
     * Reads a template.
     *
     * @param text one character for each byte
     * @param isPattern whether a star and <code>{name:4}</code> are gaps
     * @throws IllegalArgumentException if a gap is of 0 bytes
     */
    public static Template of(String text, boolean isPattern) {
        List<Part> parts = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        Matcher gap = gap(isPattern).matcher(text);
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\\' && at + 1 < text.length() && "\\{*".indexOf(text.charAt(at + 1)) >= 0) {
                literal.append(text.charAt(at + 1));
                at += 2;
            } else if (c == '*' && isPattern) {
                add(parts, literal, new Gap("", 0));
                at++;
            } else if (c == '{' && gap.region(at, text.length()).lookingAt()) {
                add(parts, literal, new Gap(gap.group(1), bytes(gap.group(2))));
                at = gap.end();
            } else {
                literal.append(c);
                at++;
            }
        }
        if (!literal.isEmpty()) {
            parts.add(new Literal(literal.toString()));
        }
        return new Template(parts);
    }

    private static Pattern gap(boolean isPattern) {
        return isPattern ? SIZED : NAMED;
    }

    private static int bytes(@Nullable String number) {
        if (number == null || number.isEmpty()) {
            return 0;
        }
        Quantities.atLeastOne("a capture", Integer.parseInt(number));
        return Integer.parseInt(number);
    }

    private static void add(List<Part> parts, StringBuilder literal, Gap gap) {
        if (!literal.isEmpty()) {
            parts.add(new Literal(literal.toString()));
            literal.setLength(0);
        }
        parts.add(gap);
    }

    /** Returns the text of a template that is these bytes and has no gap. */
    public static String literally(String latin1, boolean isPattern) {
        String text = gap(isPattern).matcher(latin1.replace("\\", "\\\\")).replaceAll("\\\\$0");
        return isPattern ? text.replace("*", "\\*") : text;
    }

    /** Returns the text from which {@link #of} reads this template. */
    public String text(boolean isPattern) {
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            text.append(part instanceof Literal literal ? literally(literal.latin1(), isPattern) : part.toString());
        }
        return text.toString();
    }

    /** Returns the text in quotes, with escapes for bytes that are not shown. */
    public String quoted(boolean isPattern) {
        StringBuilder quoted = new StringBuilder("\"");
        for (Part part : parts) {
            if (part instanceof Literal literal) {
                String bytes = Escaping.quoteBytes(literal.latin1());
                String shown = gap(isPattern)
                        .matcher(bytes.substring(1, bytes.length() - 1))
                        .replaceAll("\\\\$0");
                quoted.append(isPattern ? shown.replace("*", "\\*") : shown);
            } else {
                quoted.append(part);
            }
        }
        return quoted.append('"').toString();
    }

    /** Returns the names of the gaps in their order. */
    public List<String> names() {
        List<String> names = new ArrayList<>();
        for (Part part : parts) {
            if (part instanceof Gap gap && !gap.name().isEmpty()) {
                names.add(gap.name());
            }
        }
        return names;
    }
}
