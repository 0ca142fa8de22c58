package org.echoharness.support;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Collects lines from any thread; a test waits for the lines that it needs. */
public final class AwaitedLines implements Consumer<String> {

    private final Duration longest;
    private final List<String> seen = new ArrayList<>();
    private boolean ended;
    private int awaitedTo;

    public AwaitedLines() {
        this(Background.LONGEST);
    }

    /** A wait fails after this time. */
    public AwaitedLines(Duration longest) {
        this.longest = longest;
    }

    @Override
    public synchronized void accept(String line) {
        seen.add(line);
        notifyAll();
    }

    /** No line follows: a wait for one that is missing fails at once. */
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    public synchronized List<String> seen() {
        return List.copyOf(seen);
    }

    /** All lines, each with a line feed at its end. */
    public synchronized String text() {
        StringBuilder text = new StringBuilder();
        seen.forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }

    public synchronized List<String> matching(String regex) {
        return seen.stream().filter(line -> line.matches(regex)).toList();
    }

    /** Waits until a line matches, and returns the first one that does. */
    public String await(String regex) throws InterruptedException {
        return await(regex, 1);
    }

    /** Waits until {@code count} lines match, and returns the last of these. */
    public String await(String regex, int count) throws InterruptedException {
        return awaitResult(count == 1 ? "a line like " + regex : count + " lines like " + regex, () -> {
            List<String> matching = matching(regex);
            return matching.size() < count ? null : matching.get(count - 1);
        });
    }

    /**
     * Waits for a match in the text that follows the last match of this method; it may span lines.
     *
     * @return the text up to the end of the match
     */
    public String awaitText(String regex) throws InterruptedException {
        Pattern pattern = Pattern.compile(regex);
        return awaitResult("text like " + regex, () -> {
            String text = text();
            Matcher matcher = pattern.matcher(text);
            if (!matcher.find(awaitedTo)) {
                return null;
            }
            String found = text.substring(awaitedTo, matcher.end());
            awaitedTo = matcher.end();
            return found;
        });
    }

    private synchronized String awaitResult(String what, Supplier<String> find) throws InterruptedException {
        long deadline = System.nanoTime() + longest.toNanos();
        while (true) {
            String found = find.get();
            if (found != null) {
                return found;
            }
            long left = deadline - System.nanoTime();
            if (ended || left <= 0) {
                throw new AssertionError((ended ? "the output ended without " : "awaited for " + longest + " ") + what
                        + ", saw\n" + text());
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }
}
