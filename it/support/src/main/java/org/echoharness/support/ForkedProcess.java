package org.echoharness.support;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A process of the test's own, whose lines, of output and error together, can be awaited. It ends when it is closed. */
public final class ForkedProcess implements AutoCloseable {

    private final Duration longest;
    private final AwaitedLines lines;
    private final Process process;
    private final Thread reader;

    public ForkedProcess(List<String> command) throws IOException {
        this(Path.of(""), Map.of(), Background.LONGEST, command);
    }

    /**
     * Starts the command.
     *
     * @param environment variables that it gets beside those of this process
     * @param longest the deadline of each wait
     */
    public ForkedProcess(Path folder, Map<String, String> environment, Duration longest, List<String> command)
            throws IOException {
        this.longest = longest;
        lines = new AwaitedLines(longest);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toAbsolutePath().toFile())
                .redirectErrorStream(true);
        builder.environment().putAll(environment);
        process = builder.start();
        reader = new Thread(this::read, "output of " + command.get(0));
        reader.setDaemon(true);
        reader.start();
    }

    /** The command line of a fresh JVM of the version that runs the test. */
    public static List<String> java(List<String> options, List<Path> classPath, String main, String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-cp");
        command.add(classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
        command.add(main);
        command.addAll(List.of(args));
        return command;
    }

    /** The folder or jar that a class was loaded from, for a class path. */
    public static Path home(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** A command with another before it, which runs it. */
    public static List<String> by(List<String> runner, List<String> command) {
        return Stream.concat(runner.stream(), command.stream()).toList();
    }

    /** Whether the command exists and exits with 0. */
    public static boolean works(List<String> command) throws InterruptedException {
        try (ForkedProcess probe = new ForkedProcess(command)) {
            return probe.awaitExit() == 0;
        } catch (IOException noSuchCommand) {
            return false;
        }
    }

    /** What goes before a command so that it receives SIGINT and SIGHUP: a build in the background ignores them, and so its children. */
    public static List<String> withDefaultSignals() throws InterruptedException {
        List<String> reset = List.of("env", "--default-signal=INT,HUP");
        return works(by(reset, List.of("true"))) ? reset : List.of();
    }

    /** Kills a process and those that it started. */
    public static void kill(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    public AwaitedLines lines() {
        return lines;
    }

    public ProcessHandle handle() {
        return process.toHandle();
    }

    /** Writes one line to the process. */
    public void send(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    /** Sends a signal by its name, such as TERM. */
    public void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
        if (!kill.waitFor(30, TimeUnit.SECONDS)) {
            throw new AssertionError("kill still runs");
        }
    }

    /** Waits until the process has ended and all its output has been read. */
    public int awaitExit() throws InterruptedException {
        if (!process.waitFor(longest.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the process still runs after " + longest + "; it wrote\n" + lines.text());
        }
        reader.join(longest.toMillis());
        return process.exitValue();
    }

    private void read() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            output.lines().forEach(lines);
        } catch (IOException | UncheckedIOException failed) {
            lines.accept("the output cannot be read: " + failed);
        }
        lines.end();
    }

    @Override
    public void close() {
        kill(process);
    }
}
