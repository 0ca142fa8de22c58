package org.echoharness.junit;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What one check found, a line each: the first ones in full, the rest as a number. Not safe for use by several threads. */
final class Complaints {

    /** The most that are shown in full. */
    static final int SHOWN = 10;

    private final List<String> shown = new ArrayList<>();
    private final List<String> finished = new ArrayList<>();
    private int more;

    /** The text is made only where it is shown. */
    void add(Supplier<String> text) {
        if (shown.size() < SHOWN) {
            shown.add(text.get());
        } else {
            more++;
        }
    }

    /** Says how many are left out since the last call; what comes next is of another kind. */
    void summarize(String one, String several) {
        summarize("", one, several);
    }

    /** As above, where some could not be looked at. */
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
