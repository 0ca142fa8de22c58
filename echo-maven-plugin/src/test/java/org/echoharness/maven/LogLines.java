package org.echoharness.maven;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.maven.plugin.logging.SystemStreamLog;

/** Keeps the lines of a goal's log, as {@code INFO text}; a test waits for the one that it needs. */
final class LogLines extends SystemStreamLog {

    private final List<String> seen = new ArrayList<>();
    private volatile CountDownLatch opened = new CountDownLatch(0);

    /** Makes warnings wait until this is zero, as a full pipe does. */
    void blockWarnings(CountDownLatch until) {
        opened = until;
    }

    @Override
    public void info(CharSequence content) {
        add("INFO " + content);
    }

    @Override
    public void warn(CharSequence content) {
        try {
            if (!opened.await(60, TimeUnit.SECONDS)) {
                throw new AssertionError("blocked: " + content);
            }
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
        add("WARN " + content);
    }

    @Override
    public void error(CharSequence content) {
        add("ERROR " + content);
    }

    synchronized List<String> seen() {
        return List.copyOf(seen);
    }

    /** Waits for a line that begins with this text, and returns the rest of the line. */
    synchronized String await(String beginning) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            for (String line : seen) {
                if (line.startsWith(beginning)) {
                    return line.substring(beginning.length());
                }
            }
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError("awaited \"" + beginning + "...\", saw " + seen);
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private synchronized void add(String line) {
        seen.add(line);
        notifyAll();
    }
}
