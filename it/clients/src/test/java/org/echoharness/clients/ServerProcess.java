package org.echoharness.clients;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Assumptions;

/** The process of a server on a port of its own, with a temporary folder. Both are gone after {@link #close}, or when the JVM exits. */
final class ServerProcess implements AutoCloseable {

    /** The command of a server that listens on this port of 127.0.0.1. */
    interface Command {
        List<String> on(int port);
    }

    private static final int PORTS_TRIED = 5;

    private final Path folder;
    private final ForkedProcess process;
    private final String endSignal;
    private final int port;
    private final Thread atExit = new Thread(this::end, "end of server");

    private ServerProcess(Path folder, ForkedProcess process, String endSignal, int port) {
        this.folder = folder;
        this.process = process;
        this.endSignal = endSignal;
        this.port = port;
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /**
     * Starts a server that does not take port 0: it gets a port that was free a moment ago, and another if that is taken.
     *
     * @param folder is deleted when the server has ended
     * @param ready what the line contains that the server writes when it listens
     * @param endSignal the signal on which the server ends at once, such as {@code TERM}
     */
    static ServerProcess start(Path folder, Command command, String ready, String endSignal) throws Exception {
        for (int left = PORTS_TRIED - 1; ; left--) {
            int port = freePort();
            ForkedProcess process = new ForkedProcess(folder, Map.of(), Background.LONGEST, command.on(port));
            try {
                process.lines().await(".*" + ready + ".*");
                return new ServerProcess(folder, process, endSignal, port);
            } catch (AssertionError ended) {
                process.close();
                if (left == 0 || !process.lines().text().contains("Address already in use")) {
                    delete(folder);
                    throw ended;
                }
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = PlainSockets.listen(0)) {
            return probe.getLocalPort();
        }
    }

    int port() {
        return port;
    }

    long pid() {
        return process.handle().pid();
    }

    /** Skips the tests, and says why. */
    static void skip(String why) {
        System.out.println("Skipped: " + why);
        Assumptions.abort(why);
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atExit);
        end();
    }

    private void end() {
        try (process) {
            process.signal(endSignal);
            process.awaitExit();
        } catch (IOException e) {
            throw new IllegalStateException("cannot end process " + pid(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            delete(folder);
        }
    }

    /** Deletes a folder and all in it, as far as that is possible. */
    static void delete(Path folder) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                    Files.delete(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            System.out.println("left in the temporary folder: " + e);
        }
    }
}
