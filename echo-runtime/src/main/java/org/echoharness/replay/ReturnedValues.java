package org.echoharness.replay;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.echoharness.text.Template;
import org.jspecify.annotations.Nullable;

/**
 * The values of a client that differ between two recordings, and which of them the server sends back. A first pass over the
 * session finds these. In a second pass, the script captures each of them where the client sends it first, and sends it where
 * the server did.
 */
final class ReturnedValues {

    private static final String ANY = "*";
    private static final int MOST_NAMES = 60; // under the most of a rule, since a person may add some
    private static final int LONG =
            8; // bytes of a value that no other text has by chance; a shorter one must be a word

    private record Value(String one, String other) {

        boolean isAt(int mine, int theirs, String ofMine, String ofTheirs) {
            return ofMine.startsWith(one, mine)
                    && ofTheirs.startsWith(other, theirs)
                    && (Math.min(one.length(), other.length()) >= LONG
                            || (isWordAt(ofMine, mine, one.length()) && isWordAt(ofTheirs, theirs, other.length())));
        }

        private static boolean isWordAt(String text, int from, int length) {
            int end = from + length;
            return (from == 0 || !TextRuns.isInWord(text.charAt(from - 1)))
                    && (end == text.length() || !TextRuns.isInWord(text.charAt(end)));
        }
    }

    private final Set<Value> sent = new LinkedHashSet<>(); // by the client, so far
    private final Map<Value, String> names = new LinkedHashMap<>();
    private int longest; // bytes of a value
    private boolean isSecondPass;

    /** Begins the second pass. */
    void beginAgain() {
        sent.clear();
        isSecondPass = true;
    }

    /** Returns what a pattern has in place of a value of the client: a star, or a name. */
    String gap(String one, String other) {
        Value value = new Value(one, other);
        boolean isFirst = sent.add(value);
        longest = Math.max(longest, Math.max(one.length(), other.length()));
        return isSecondPass && isFirst && names.containsKey(value)
                ? named(value).toString()
                : ANY;
    }

    private Template.Gap named(Value value) {
        return new Template.Gap(names.computeIfAbsent(value, added -> "value" + (names.size() + 1)), 0);
    }

    /**
     * Returns an answer of the server, with a gap for each value that the client has sent before; null if the answers differ
     * in length by more than such values.
     *
     * @param one the answer
     * @param other the answer to the other values
     */
    @Nullable
    Template answer(String one, String other) {
        List<Object> parts = new ArrayList<>(); // bytes and values
        int begin = 0; // of the bytes that are in no part yet
        int mine = 0;
        int theirs = 0;
        int equal = equalBytes(one, mine, other, theirs);
        while (equal < Math.max(one.length() - mine, other.length() - theirs)) {
            int before = Math.max(0, equal - longest + 1);
            Value value = null;
            while (before <= equal && value == null) {
                value = longestAt(mine + before, theirs + before, one, other);
                before += value == null ? 1 : 0;
            }
            mine += before;
            theirs += before;
            if (value != null) {
                parts.add(one.substring(begin, mine));
                parts.add(value);
                mine += value.one().length();
                theirs += value.other().length();
                begin = mine;
            } else if (one.length() - mine != other.length() - theirs) {
                return null; // how the rest corresponds is not known
            }
            equal = equalBytes(one, mine, other, theirs);
        }
        parts.add(one.substring(begin));
        return template(parts);
    }

    private Template template(List<Object> parts) {
        List<Template.Part> template = new ArrayList<>();
        for (Object part : parts) {
            if (part instanceof Value value) {
                template.add(named(value));
            } else if (part instanceof String bytes && !bytes.isEmpty()) {
                template.add(new Template.Literal(bytes));
            }
        }
        return new Template(template);
    }

    /** Returns how many bytes are equal from these positions on. */
    private static int equalBytes(String one, int mine, String other, int theirs) {
        int most = Math.min(one.length() - mine, other.length() - theirs);
        int equal = 0;
        while (equal < most && one.charAt(mine + equal) == other.charAt(theirs + equal)) {
            equal++;
        }
        return equal;
    }

    /** Returns the longest value of the client that stands at these positions, or null if there is none. */
    private @Nullable Value longestAt(int mine, int theirs, String one, String other) {
        Value longestValue = null;
        for (Value value : sent) {
            boolean mayHaveName = names.containsKey(value) || (!isSecondPass && names.size() < MOST_NAMES);
            boolean isLonger = longestValue == null
                    || value.one().length() > longestValue.one().length();
            if (mayHaveName && isLonger && value.isAt(mine, theirs, one, other)) {
                longestValue = value;
            }
        }
        return longestValue;
    }
}
