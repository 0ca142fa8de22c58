package org.echoharness.stress;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.echoharness.EchoServer;

/** A process of the test's own; its lines, of output and error together, can be awaited. It ends with the test. */
final class Forked implements AutoCloseable {

    static final String COMMAND_LINE = "org.echoharness.cli.Main";

    final Lines lines = new Lines();
    private final Process process;
    private final Thread reader;

    Forked(List<String> command) throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        reader = new Thread(this::read, "output of " + command.get(0));
        reader.setDaemon(true);
        reader.start();
    }

    /** The command line of a fresh JVM that runs this class, of the runtime or of this module. */
    static List<String> java(List<String> options, String main, String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-cp");
        command.add(home(EchoServer.class) + File.pathSeparator + home(Forked.class));
        command.add(main);
        command.addAll(List.of(args));
        return command;
    }

    /** A command with another before it, which runs it. */
    static List<String> by(List<String> runner, List<String> command) {
        return Stream.concat(runner.stream(), command.stream()).toList();
    }

    /** Whether this command is there and says that it works. */
    static boolean works(List<String> command) throws InterruptedException {
        try (Forked probe = new Forked(command)) {
            return probe.awaitExit() == 0;
        } catch (IOException noSuchCommand) {
            return false;
        }
    }

    private static String home(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException impossible) {
            throw new AssertionError(impossible);
        }
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    /** Waits until a server tells where it listens. */
    InetSocketAddress address() throws IOException, InterruptedException {
        String line = lines.await("starting up on .* port \\d+.*", 1);
        return Sockets.loopback(Integer.parseInt(line.replaceFirst(".* port (\\d+).*", "$1")));
    }

    /** Writes one line to the process. */
    void tell(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    /** Sends a signal by its name, such as TERM. */
    void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
        if (!kill.waitFor(30, TimeUnit.SECONDS)) {
            throw new AssertionError("kill still runs");
        }
    }

    /** Waits until the process has ended and all it wrote is read; returns its exit code. */
    int awaitExit() throws InterruptedException {
        if (!process.waitFor(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the process still runs; it wrote " + lines.seen());
        }
        reader.join(Waiting.LONGEST.toMillis());
        return process.exitValue();
    }

    private void read() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            output.lines().forEach(lines);
        } catch (IOException | UncheckedIOException ended) {
            lines.accept("the output ended: " + ended);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
