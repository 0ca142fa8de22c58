package org.echoharness.clients;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.support.ForkedProcess;

/**
 * A Redis of the test's own on a port of 127.0.0.1, without persistence. The program comes from Maven Central, or is the
 * {@code redis-server} or {@code valkey-server} of this machine.
 */
final class RedisServer implements AutoCloseable {

    private static final String ON_CLASS_PATH = System.getProperty("os.arch").equals("aarch64")
            ? "/redis-server-6.2.7-linux-arm64"
            : "/redis-server-6.2.6-v5-linux-amd64";

    private final ServerProcess process;

    private RedisServer(ServerProcess process) {
        this.process = process;
    }

    static RedisServer start() throws Exception {
        Path folder = Files.createTempDirectory("redis");
        try {
            String program = program(folder);
            return new RedisServer(ServerProcess.start(
                    folder,
                    port -> List.of(
                            program,
                            "--port",
                            Integer.toString(port),
                            "--bind",
                            "127.0.0.1",
                            "--save",
                            "",
                            "--appendonly",
                            "no"),
                    "Ready to accept connections",
                    "TERM"));
        } catch (Throwable failed) {
            ServerProcess.delete(folder);
            throw failed;
        }
    }

    /** The first program that runs here. */
    private static String program(Path folder) throws Exception {
        List<String> programs = new ArrayList<>();
        if (System.getProperty("os.name").equals("Linux")) {
            programs.add(extracted(folder));
        }
        programs.add("redis-server");
        programs.add("valkey-server");
        for (String program : programs) {
            if (ForkedProcess.works(List.of(program, "--version"))) {
                return program;
            }
        }
        ServerProcess.skip("no Redis runs here; install redis-server or valkey-server");
        throw new AssertionError();
    }

    private static String extracted(Path folder) throws Exception {
        Path program = folder.resolve("redis-server");
        try (InputStream in = RedisServer.class.getResourceAsStream(ON_CLASS_PATH)) {
            Files.copy(in, program);
        }
        if (!program.toFile().setExecutable(true)) {
            throw new AssertionError("cannot make " + program + " executable");
        }
        return program.toString();
    }

    int port() {
        return process.port();
    }

    @Override
    public void close() {
        process.close();
    }
}
