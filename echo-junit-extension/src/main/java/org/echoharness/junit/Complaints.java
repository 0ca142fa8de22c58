package org.echoharness.junit;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The findings of one check, one line each. It keeps the first ones in full, and counts the others. Not safe for use by
 * several threads.
 */
final class Complaints {

    /** The number of findings that are kept in full. */
    static final int SHOWN = 10;

    private final List<String> shown = new ArrayList<>();
    private final List<String> finished = new ArrayList<>();
    private int more;

    /** Calls the supplier only if the text is kept. */
    void add(Supplier<String> text) {
        if (shown.size() < SHOWN) {
            shown.add(text.get());
        } else {
            more++;
        }
    }

    /**
     * Adds a line with the number of findings left out since the last call. The findings that follow are of another
     * kind.
     */
    void summarize(String one, String several) {
        summarize("", one, several);
    }

    /** The same if some connections could not be checked. */
    void summarizeAtLeast(String one, String several) {
        summarize("at least ", one, several);
    }

    private void summarize(String how, String one, String several) {
        finished.addAll(shown);
        if (more > 0) {
            finished.add("and " + how + more + " more " + (more == 1 ? one : several));
        }
        shown.clear();
        more = 0;
    }

    List<String> lines() {
        summarize("line", "lines");
        return finished;
    }
}
