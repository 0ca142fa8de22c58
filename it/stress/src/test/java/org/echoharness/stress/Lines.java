package org.echoharness.stress;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Collects lines from any thread; a test waits for those that it needs. */
final class Lines implements Consumer<String> {

    private final List<String> seen = new ArrayList<>();

    @Override
    public synchronized void accept(String line) {
        seen.add(line);
    }

    synchronized List<String> seen() {
        return List.copyOf(seen);
    }

    List<String> matching(String regex) {
        return seen().stream().filter(line -> line.matches(regex)).toList();
    }

    /** Waits until so many lines match, and returns the last of these. */
    String await(String regex, int count) throws InterruptedException {
        Waiting.until(count + " lines like " + regex, () -> matching(regex).size() >= count, this::seen);
        return matching(regex).get(count - 1);
    }
}
