package org.echoharness;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Collects lines from any thread; a test waits for the one that it needs. */
public final class AwaitedLines implements Consumer<String> {

    private final List<String> seen = new ArrayList<>();

    @Override
    public synchronized void accept(String line) {
        seen.add(line);
        notifyAll();
    }

    public synchronized List<String> seen() {
        return List.copyOf(seen);
    }

    public String await(String regex) throws InterruptedException {
        return await(regex, 1);
    }

    /** Waits until so many lines match, and returns the last of these. */
    public synchronized String await(String regex, int count) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            List<String> matching =
                    seen.stream().filter(line -> line.matches(regex)).toList();
            if (matching.size() >= count) {
                return matching.get(count - 1);
            }
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError("awaited " + count + " lines matching " + regex + ", saw " + seen);
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }
}
