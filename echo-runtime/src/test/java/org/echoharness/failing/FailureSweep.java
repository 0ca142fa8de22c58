package org.echoharness.failing;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.echoharness.failing.Failure.Kind;
import org.echoharness.support.FileDescriptors;
import org.jspecify.annotations.Nullable;

/**
 * Runs scenarios again and again, and lets the n-th call fail that can, for every n until a run ends before its n-th call. The
 * program of a JVM with the options of {@link FailingProvider}.
 */
public final class FailureSweep {

    private static final long LONGEST_SECONDS = 120;
    private static final long WAIT_SECONDS = 20;
    private static final long SLOW_MILLIS = 2_500;
    private static final int MOST_REPORTED = Integer.getInteger("most", 5);

    private int failed;

    private FailureSweep() {}

    /**
     * Prints a line for each scenario. Exits with 1 if a run has failed, and with 2 if one does not end.
     *
     * @param args how many runs of each scenario are drawn, or 0 for all; the seed; and the names of scenarios: NAME, or
     *     NAME:KIND for failures of this kind alone, NAME:KIND:OPERATION at calls of this operation alone, or NAME:KIND:N for
     *     one run
     */
    public static void main(String[] args) throws Exception {
        Map<String, Scenario> all = Scenarios.all();
        FailureSweep sweep = new FailureSweep();
        int drawn = Integer.parseInt(args[0]);
        Random random = new Random(Long.parseLong(args[1]));
        new Run(new Failure(Kind.IO_EXCEPTION, null, 0))
                .play(Scenarios::start); // the JDK opens sockets of its own, once
        for (String each : List.of(args).subList(2, args.length)) {
            String[] parts = each.split(":", -1);
            Scenario scenario = all.get(parts[0]);
            if (scenario == null) {
                throw new IllegalArgumentException(parts[0] + " is none of " + all.keySet());
            }
            Failure none = new Failure(Kind.IO_EXCEPTION, null, 0);
            sweep.runs(parts[0] + " without a failure", none, scenario);
            if (parts.length == 3 && !parts[2].matches("\\d+")) {
                sweep.every(parts[0], scenario, Kind.valueOf(parts[1]), Operation.valueOf(parts[2]));
            } else if (parts.length == 3) {
                Failure one = new Failure(Kind.valueOf(parts[1]), null, Long.parseLong(parts[2]));
                sweep.runs(each, one, scenario);
                System.out.println(each + ": " + one.place());
            } else if (drawn > 0) {
                sweep.draw(parts[0], scenario, none, drawn, random);
            } else {
                for (Kind kind : Kind.values()) {
                    if (parts.length == 1 || parts[1].equals(kind.name())) {
                        sweep.every(parts[0], scenario, kind, null);
                    }
                }
            }
        }
        System.exit(sweep.failed == 0 ? 0 : 1);
    }

    /** Lets each call fail in turn. */
    private void every(String name, Scenario scenario, Kind kind, @Nullable Operation only) throws Exception {
        long start = System.nanoTime();
        int failedBefore = failed;
        long runs = 0;
        boolean isOver = false;
        while (!isOver) {
            Failure failure = new Failure(kind, only, ++runs);
            runs(name + ":" + kind + (only == null ? "" : ":" + only) + ":" + runs, failure, scenario);
            isOver = failure.place() == null;
        }
        report(
                name + ", " + kind + (only == null ? "" : ", " + only) + ": " + (runs - 1) + " calls, ",
                runs,
                failedBefore,
                start);
    }

    /** Lets some calls fail that are drawn. */
    private void draw(String name, Scenario scenario, Failure counted, int count, Random random) throws Exception {
        long start = System.nanoTime();
        int failedBefore = failed;
        List<Kind> kinds = new ArrayList<>(List.of(Kind.values()));
        kinds.removeIf(kind -> counted.calls(kind) == 0);
        for (int i = 0; i < count; i++) {
            Kind kind = kinds.get(random.nextInt(kinds.size()));
            long n = 1L + random.nextInt((int) counted.calls(kind));
            runs(name + ":" + kind + ":" + n, new Failure(kind, null, n), scenario);
        }
        report(name + ": " + counted.calls(Kind.UNCHECKED) + " calls, ", count, failedBefore, start);
    }

    private void report(String what, long runs, int failedBefore, long start) {
        System.out.println(what + runs + " runs, " + (failed - failedBefore) + " failed, "
                + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms");
    }

    private void runs(String name, Failure failure, Scenario scenario) throws InterruptedException {
        long start = System.nanoTime();
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        Set<Thread> threads = Set.copyOf(Thread.getAllStackTraces().keySet());
        Throwable[] thrown = {null};
        Thread thread = new Thread(() -> thrown[0] = result(failure, scenario, threads, files), "run of " + name);
        thread.start();
        thread.join(TimeUnit.SECONDS.toMillis(LONGEST_SECONDS));
        if (thread.isAlive()) {
            System.out.println("FAILED " + name + " does not end; " + failure.place());
            System.out.println(threads());
            System.exit(2);
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        if (millis > SLOW_MILLIS) {
            System.out.println("SLOW " + name + ": " + millis + " ms, " + failure.place());
        }
        if (thrown[0] != null) {
            failed++;
            if (failed <= MOST_REPORTED) {
                System.out.println("FAILED " + name);
                print("", thrown[0]);
                if (failure.place() != null) {
                    print("after: ", failure.place().trace());
                }
            } else {
                System.out.println("FAILED " + name + ": " + thrown[0] + "; " + where(failure));
            }
        }
    }

    private static String where(Failure failure) {
        Failure.Place place = failure.place();
        return place == null
                ? "nothing was made to fail"
                : String.valueOf(place.trace().getMessage());
    }

    /** Prints what was thrown, with the lines of this project only. */
    private static void print(String indent, Throwable thrown) {
        System.out.println(indent + thrown);
        for (StackTraceElement line : thrown.getStackTrace()) {
            if (line.getClassName().startsWith("org.echoharness.")) {
                System.out.println(indent + "    at " + line);
            }
        }
        for (Throwable each : thrown.getSuppressed()) {
            print(indent + "  suppressed: ", each);
        }
        if (thrown.getCause() != null) {
            print(indent + "  caused by: ", thrown.getCause());
        }
    }

    private static @Nullable Throwable result(
            Failure failure, Scenario scenario, Set<Thread> threads, FileDescriptors.Snapshot files) {
        try {
            new Run(failure).play(scenario);
            awaitThreads(threads);
            awaitFiles(files);
            return null;
        } catch (Throwable thrown) {
            return thrown;
        }
    }

    /** Waits until no thread of a server or a client is left, but for those that all servers share. */
    private static void awaitThreads(Set<Thread> before) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        for (Thread each : Thread.getAllStackTraces().keySet()) {
            boolean isOurs = each.getName().startsWith("echo")
                    && !each.getName().startsWith("echo handshakes")
                    && !before.contains(each);
            if (isOurs) {
                each.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
            }
            if (isOurs && each.isAlive()) {
                throw new AssertionError("the thread " + each.getName() + " has not ended");
            }
        }
    }

    /** Waits until no more files are open than before; the kernel closes a socket a moment after its peer has. */
    private static void awaitFiles(FileDescriptors.Snapshot before) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (FileDescriptors.open() > before.count()) {
            Set<String> added = FileDescriptors.snapshot().targets();
            added.removeAll(before.targets());
            added.removeIf(each -> !each.contains("socket:") && !each.contains("anon_inode:")); // the JDK keeps others
            if (added.isEmpty()) {
                return;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("files are open: " + added);
            }
        }
    }

    private static String threads() {
        List<ThreadInfo> all =
                new ArrayList<>(List.of(ManagementFactory.getThreadMXBean().dumpAllThreads(true, true)));
        return all.stream().map(ThreadInfo::toString).collect(Collectors.joining("\n"));
    }
}
