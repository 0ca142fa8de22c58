package org.echoharness.stress;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.echoharness.EchoServer;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;

/** Commands of fresh JVMs with the runtime, and where the servers in them listen. */
final class EchoProcess {

    private static final String COMMAND_LINE = "org.echoharness.cli.Main";
    private static final List<Path> CLASS_PATH = List.of(
            ForkedProcess.home(EchoServer.class),
            ForkedProcess.home(EchoProcess.class),
            ForkedProcess.home(ForkedProcess.class));

    private EchoProcess() {}

    /** The command line that users run. */
    static List<String> command(List<String> options, String... args) {
        return ForkedProcess.java(options, CLASS_PATH, COMMAND_LINE, args);
    }

    /** A program of this module. */
    static List<String> program(List<String> options, Class<?> main, String... args) {
        return ForkedProcess.java(options, CLASS_PATH, main.getName(), args);
    }

    /** Waits until the server reports where it listens. */
    static InetSocketAddress address(ForkedProcess server) throws IOException, InterruptedException {
        return address(server.lines().await("starting up on .* port \\d+.*"));
    }

    static InetSocketAddress address(String line) throws IOException {
        return PlainSockets.loopback(Integer.parseInt(line.replaceFirst(".* port (\\d+).*", "$1")));
    }
}
