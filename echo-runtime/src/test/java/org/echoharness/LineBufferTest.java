package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LineBufferTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    private final List<String> printed = new ArrayList<>(); // guarded by itself
    private final CountDownLatch opened = new CountDownLatch(1);

    private void print(String line) {
        synchronized (printed) {
            printed.add(line);
        }
    }

    private void printWhenOpened(String line) {
        try {
            assertThat(opened.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        print(line);
    }

    private List<String> printed() {
        synchronized (printed) {
            return List.copyOf(printed);
        }
    }

    @Test
    void deliversAllLinesInOrder() {
        List<String> all = IntStream.range(0, 1_000).mapToObj(Integer::toString).toList();
        LineBuffer lines = new LineBuffer(this::print);
        all.forEach(lines);
        lines.close(LONG, LONG);
        assertThat(printed()).isEqualTo(all);
    }

    @Test
    void neverWaitsForBlockedSink() {
        String line = "x".repeat(1_000);
        LineBuffer lines = new LineBuffer(this::printWhenOpened);
        for (int i = 0; i < 10_000; i++) {
            lines.accept(line);
        }
        lines.close(Duration.ofMillis(50), LONG);
        assertThat(printed()).isEmpty();
        opened.countDown();
    }

    @Test
    void reportsNumberOfOmittedLines() {
        String line = "x".repeat(1_000);
        LineBuffer lines = new LineBuffer(this::printWhenOpened);
        for (int i = 0; i < 10_000; i++) {
            lines.accept(line);
        }
        opened.countDown();
        lines.close(LONG, LONG);
        List<String> all = printed();
        int kept = all.size() - 1;
        assertThat(all.subList(0, kept)).containsOnly(line);
        assertThat(kept).isBetween(500, 1_100);
        assertThat(all.get(kept)).isEqualTo(10_000 - kept + " lines were left out");
    }

    @Test
    void continuesAfterOmittedLines() throws InterruptedException {
        String line = "x".repeat(1_000);
        LineBuffer lines = new LineBuffer(this::printWhenOpened);
        for (int i = 0; i < 2_000; i++) {
            lines.accept(line);
        }
        opened.countDown();
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!printed().contains("more")) { // it accepts lines again when it is half empty
            assertThat(System.nanoTime() - deadline).isNegative();
            lines.accept("more");
            Thread.onSpinWait();
        }
        lines.close(LONG, LONG);
        List<String> all = printed();
        String report = all.stream()
                .filter(each -> each.endsWith(" lines were left out"))
                .findFirst()
                .orElseThrow();
        assertThat(all.get(all.indexOf(report) - 1)).isEqualTo(line);
        assertThat(all.get(all.indexOf(report) + 1)).isEqualTo("more");
    }

    @Test
    void deliversLinesOfTwoBuffers() {
        LineBuffer out = new LineBuffer(this::print);
        LineBuffer err = out.beside(this::print);
        List<String> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String line = Integer.toString(i);
            all.add(line);
            (i % 3 == 0 ? err : out).accept(line);
        }
        out.close(LONG, LONG);
        err.close(LONG, LONG);
        assertThat(printed()).hasSameElementsAs(all);
    }

    @Test
    void waitsLimitedTimeForBlockedSink() {
        LineBuffer out = new LineBuffer(this::printWhenOpened);
        LineBuffer err = out.beside(this::print);
        out.accept("blocked");
        long start = System.nanoTime();
        err.accept("wrong");
        err.close(LONG, LONG);
        assertThat(printed()).containsExactly("wrong");
        assertThat(System.nanoTime() - start)
                .as("it waits for the line that came before")
                .isGreaterThanOrEqualTo(200_000_000);
        opened.countDown();
    }

    @Test
    void survivesThrowingSink() {
        LineBuffer lines = new LineBuffer(line -> {
            print(line);
            throw new AssertionError("boom");
        });
        lines.accept("a");
        lines.accept("b");
        lines.close(LONG, LONG);
        assertThat(printed()).containsExactly("a", "b");
    }

    @Test
    void threadEndsWithBuffer() throws InterruptedException {
        LineBuffer lines = new LineBuffer(this::print);
        lines.accept("x");
        lines.close(LONG, LONG);
        for (Thread thread : threads()) {
            thread.join(60_000);
        }
        assertThat(threads()).isEmpty();
    }

    /** The threads that deliver lines. */
    static List<Thread> threads() {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(entry -> entry.getKey().getName().equals("echo lines"))
                .map(Map.Entry::getKey)
                .toList();
    }
}
