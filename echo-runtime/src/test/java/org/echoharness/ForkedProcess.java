package org.echoharness;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process of the test's own; its lines, of output and error together, can be awaited. It ends with the test. */
public final class ForkedProcess implements AutoCloseable {

    /** The name of the class, which only tests of its package see. */
    public static final String COMMAND_LINE = "org.echoharness.cli.Main";

    public final AwaitedLines lines = new AwaitedLines();
    private final Process process;
    private final Thread reader;

    public ForkedProcess(List<String> command) throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        reader = new Thread(this::read, "output of " + command.get(0));
        reader.setDaemon(true);
        reader.start();
    }

    /** The command line of a fresh JVM that runs ours. */
    public static List<String> java(List<String> options, String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", folder(EchoServer.class), COMMAND_LINE));
        command.addAll(List.of(args));
        return command;
    }

    /** The command line of a fresh JVM that runs a program of the tests, or ours, with the tests' classes at hand. */
    public static List<String> java(List<String> options, Class<?> main, String... args) {
        return withTests(options, main.getName(), args);
    }

    /** As above, by the name of the class. */
    static List<String> withTests(List<String> options, String main, String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-cp");
        command.add(folder(EchoServer.class) + File.pathSeparator + folder(ForkedProcess.class));
        command.add(main);
        command.addAll(List.of(args));
        return command;
    }

    /** What goes before a command so that it hears SIGINT: a build in the background passes on that it is ignored. */
    public static List<String> withDefaultSignals() throws InterruptedException {
        List<String> reset = List.of("env", "--default-signal=INT");
        try (ForkedProcess probe = new ForkedProcess(List.of(reset.get(0), reset.get(1), "true"))) {
            return probe.awaitExit() == 0 ? reset : List.of();
        } catch (IOException noSuchCommand) {
            return List.of();
        }
    }

    /** A JVM with our command line. */
    public static ForkedProcess echo(String... args) throws IOException {
        return new ForkedProcess(java(List.of(), args));
    }

    /** Where a class was loaded from. */
    public static String folder(Class<?> of) {
        try {
            return Path.of(of.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Sends a signal by its name, such as TERM. */
    public void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
        kill.waitFor(30, TimeUnit.SECONDS);
    }

    /** Waits until the process has ended and all it wrote is read; returns its exit code. */
    public int awaitExit() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("the process still runs; it wrote " + lines.seen());
        }
        reader.join(30_000);
        return process.exitValue();
    }

    private void read() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            output.lines().forEach(lines);
        } catch (IOException | java.io.UncheckedIOException ended) {
            lines.accept("the output ended: " + ended);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
