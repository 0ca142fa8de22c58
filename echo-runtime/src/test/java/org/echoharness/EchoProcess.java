package org.echoharness;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.echoharness.support.ForkedProcess;

/** Fresh JVMs with the runtime: its command line, or a program of the tests. */
public final class EchoProcess {

    /** The name of the class, which only tests of its package see. */
    public static final String COMMAND_LINE = "org.echoharness.cli.Main";

    private static final Path OURS = ForkedProcess.home(EchoServer.class);

    private EchoProcess() {}

    /** The command of a JVM that runs the command line, with the classes that users have. */
    public static List<String> command(List<String> options, String... args) {
        return ForkedProcess.java(quick(options), List.of(OURS), COMMAND_LINE, args);
    }

    /** The command of a JVM that runs a program, with the classes of the tests. */
    public static List<String> program(List<String> options, Class<?> main, String... args) {
        return program(options, main.getName(), args);
    }

    static List<String> program(List<String> options, String main, String... args) {
        return ForkedProcess.java(quick(options), List.of(OURS, ForkedProcess.home(EchoProcess.class)), main, args);
    }

    /** With what makes a JVM cheaper that lives for a second or two. */
    private static List<String> quick(List<String> options) {
        return Stream.concat(Stream.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), options.stream())
                .toList();
    }

    /** Starts the command line. */
    public static ForkedProcess start(String... args) throws IOException {
        return new ForkedProcess(command(List.of(), args));
    }
}
