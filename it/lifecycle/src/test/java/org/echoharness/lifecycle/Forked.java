package org.echoharness.lifecycle;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process of the test's own, whose lines can be awaited. It ends with the test. */
final class Forked implements AutoCloseable {

    private static final long LONGEST_SECONDS = 120;

    private final Process process;
    private final Thread reader;
    private final StringBuilder output = new StringBuilder();
    private int readTo;

    Forked(Path folder, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("MAVEN_OPTS", "-Xmx256m -XX:TieredStopAtLevel=1");
        process = builder.directory(folder.toFile()).redirectErrorStream(true).start();
        reader = new Thread(this::read, "output of " + command.get(0));
        reader.setDaemon(true);
        reader.start();
    }

    /** This build's Maven, with what was just built in its repository. */
    static Forked maven(Path folder, List<String> runner, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(runner);
        command.add(Path.of(System.getProperty("maven.home"), "bin", "mvn").toString());
        command.addAll(List.of("-B", "-Dmaven.repo.local=" + System.getProperty("local.repo")));
        command.add("-Decho.version=" + System.getProperty("project.version"));
        command.addAll(List.of(arguments));
        return new Forked(folder, command);
    }

    /** A {@link Daemon} with this build's Maven on its class path. */
    static Forked daemon(Path folder) throws IOException {
        String home = System.getProperty("maven.home");
        String tests = Path.of("target", "test-classes").toAbsolutePath().toString();
        String libraries = Path.of(home, "lib", "*") + File.pathSeparator + Path.of(home, "boot", "*");
        return new Forked(
                folder,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        tests + File.pathSeparator + libraries,
                        Daemon.class.getName(),
                        System.getProperty("local.repo")));
    }

    void tell(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    /** Waits for a match in what has not been awaited yet, and returns all up to its end. */
    synchronized String await(String regex) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
        Pattern pattern = Pattern.compile(regex);
        while (true) {
            Matcher matcher = pattern.matcher(output);
            if (matcher.find(readTo)) {
                String text = output.substring(readTo, matcher.end());
                readTo = matcher.end();
                return text;
            }
            long left = deadline - System.nanoTime();
            if (left <= 0 || !reader.isAlive()) {
                throw new AssertionError("awaited " + regex + ", saw " + output);
            }
            TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, TimeUnit.SECONDS.toNanos(1)));
        }
    }

    synchronized String output() {
        return output.toString();
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
        if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the process still runs; it wrote " + output());
        }
        reader.join(TimeUnit.SECONDS.toMillis(LONGEST_SECONDS));
        return process.exitValue();
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                add(line);
            }
        } catch (IOException | UncheckedIOException ended) {
            add("the output ended: " + ended);
        }
    }

    private synchronized void add(String line) {
        output.append(line).append('\n');
        notifyAll();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
