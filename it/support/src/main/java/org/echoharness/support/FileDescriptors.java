package org.echoharness.support;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Assumptions;

/** The file descriptors of this process. A test that asks for them is skipped where they are not counted. */
public final class FileDescriptors {

    private FileDescriptors() {}

    public static long open() {
        return system().getOpenFileDescriptorCount();
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
