package org.echoharness.sockets;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The right to take away the file of a path; one server at a time has it, of all processes. Two servers may find the same
 * left-over socket at the same moment. Without a claim, the slower one could take away the file of the faster one, which
 * listens there by then. A claim is an empty file beside the path. Any thread may make one, and it waits.
 */
final class PathClaim implements AutoCloseable {

    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(1); // others need far less than a millisecond
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Path file;

    private PathClaim(Path file) {
        this.file = file;
    }

    /**
     * Waits until no other server has a claim on the path.
     *
     * @throws FileAlreadyExistsException if one still has it after a second; the exception names the file
     */
    static PathClaim on(Path path) throws IOException {
        Path file = path.resolveSibling("." + path.getFileName() + ".claim");
        long start = System.nanoTime();
        while (true) {
            try {
                return new PathClaim(Files.createFile(file));
            } catch (FileAlreadyExistsException claimed) {
                if (System.nanoTime() - start > LONGEST_NANOS) {
                    throw claimed;
                }
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file); // an error says that people may remove it
    }
}
