package org.echoharness.support;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The file descriptors of this process. A test that asks for them is skipped where they are not counted. */
public final class FileDescriptors {

    private FileDescriptors() {}

    public static long open() {
        return system().getOpenFileDescriptorCount();
    }

    /** Returns how many are open, and what each of them is. */
    public static Snapshot snapshot() {
        return new Snapshot(open(), targets());
    }

    /**
     * What was open at one time.
     *
     * @param count how many were open
     * @param targets number and target of each, by the list of the kernel; empty where there is none
     */
    public record Snapshot(long count, Set<String> targets) {

        /** Waits until no more are open than at the time of the snapshot, and returns how many are. */
        public long await() {
            return awaitAtMost(count);
        }

        /**
         * Waits until at most this many are open, and returns how many are. Another thread of the JVM may have one open for a
         * moment, and the kernel closes a socket a moment after its peer has. A failure lists those that are not in the
         * snapshot.
         */
        public long awaitAtMost(long most) {
            long deadline = System.nanoTime() + Background.LONGEST.toNanos();
            while (true) {
                long open = open();
                if (open <= most) {
                    return open;
                }
                if (System.nanoTime() - deadline >= 0) {
                    throw new AssertionError(open + " files are open, not at most " + most + "; new: " + added());
                }
                Thread.onSpinWait();
            }
        }

        private Set<String> added() {
            Set<String> added = FileDescriptors.targets();
            added.removeAll(targets);
            Set<String> named = new LinkedHashSet<>();
            added.forEach(each -> named.add(each + socket(each)));
            return named;
        }
    }

    private static Set<String> targets() {
        Set<String> targets = new LinkedHashSet<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : all) {
                String target = target(each);
                if (!target.endsWith("/fd")) { // the list itself
                    targets.add(each.getFileName() + " " + target);
                }
            }
        } catch (IOException | DirectoryIteratorException noList) {
            targets.add(noList.toString());
        }
        return targets;
    }

    /**
     * Returns the kernel's line about a socket, with its addresses; empty for other files. The socket {@code .java_pid} is that
     * of a {@code jstack} or {@code jcmd}, and stays open.
     */
    private static String socket(String target) {
        String inode = target.replaceAll(".*socket:\\[|\\]", "");
        for (String protocol : List.of("tcp", "tcp6", "unix")) {
            try (Stream<String> lines = Files.lines(Path.of("/proc/net", protocol))) {
                Optional<String> found = lines.filter(
                                line -> List.of(line.trim().split(" +", -1)).contains(inode))
                        .findFirst();
                if (found.isPresent()) {
                    return " " + protocol + " " + found.get().trim();
                }
            } catch (IOException | UncheckedIOException noList) {
                return "";
            }
        }
        return "";
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closedMeanwhile) {
            return "closed meanwhile";
        }
    }

    /** Skips the test if fewer may be open. */
    public static void assumeAllowed(long needed) {
        long most = system().getMaxFileDescriptorCount();
        Assumptions.assumeTrue(most >= needed, needed + " open files are needed, " + most + " are allowed");
    }

    private static UnixOperatingSystemMXBean system() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            return unix;
        }
        return Assumptions.abort("no count of file descriptors here");
    }
}
