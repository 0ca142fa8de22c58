package org.echoharness.support;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** The file descriptors of this process. A test that asks for them is skipped where they are not counted. */
public final class FileDescriptors {

    private FileDescriptors() {}

    public static long open() {
        return system().getOpenFileDescriptorCount();
    }

    /**
     * Waits until at most this many are open, and returns how many. Another thread of the JVM may have one open for a moment,
     * and the kernel closes a socket a moment after its peer has. A failure lists all that are open.
     */
    public static long awaitAtMost(long most) {
        long deadline = System.nanoTime() + Background.LONGEST.toNanos();
        while (true) {
            long open = open();
            if (open <= most) {
                return open;
            }
            if (System.nanoTime() - deadline >= 0) {
                throw new AssertionError(open + " files are open, not at most " + most + ": " + targets());
            }
            Thread.onSpinWait();
        }
    }

    /** What the open files are, by the list of the kernel; empty where there is none. */
    private static List<String> targets() {
        List<String> targets = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : all) {
                targets.add(each.getFileName() + " " + target(each));
            }
        } catch (IOException | DirectoryIteratorException noList) {
            targets.add(noList.toString());
        }
        return targets;
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
