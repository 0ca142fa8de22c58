package org.echoharness.clients.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.echoharness.support.Background;
import org.junit.jupiter.api.Assumptions;

/** Programs of this machine. */
final class Program {

    private static final Map<List<String>, String> VERSIONS = new ConcurrentHashMap<>();
    private static final Pattern OPENSSL_3 = Pattern.compile("OpenSSL[ /]3");

    /** A program has exited with another status than 0. */
    static final class FailedException extends Exception {

        private static final long serialVersionUID = 1;

        private final String output;

        private FailedException(String output) {
            super(output);
            this.output = output;
        }

        String output() {
            return output;
        }
    }

    private Program() {}

    /**
     * Runs a program to its end.
     *
     * @param input what it reads from its standard input
     * @return its output, with its errors
     * @throws IOException if there is no such program
     */
    static String run(String input, List<String> command) throws IOException, InterruptedException, FailedException {
        Path folder = Files.createTempDirectory("program");
        Path in = Files.writeString(folder.resolve("in"), input);
        Path out = folder.resolve("out");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(in.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile());
        builder.environment().put("HOME", folder.resolve("none").toString()); // without settings of a user
        builder.environment().put("no_proxy", "*");
        try {
            Process process = builder.start();
            try {
                assertThat(process.waitFor(Background.LONGEST.toSeconds(), TimeUnit.SECONDS))
                        .as("%s has ended", command)
                        .isTrue();
            } finally {
                process.destroyForcibly();
            }
            String output = Files.readString(out);
            if (process.exitValue() != 0) {
                throw new FailedException(output);
            }
            return output;
        } finally {
            Files.deleteIfExists(in);
            Files.deleteIfExists(out);
            Files.deleteIfExists(folder);
        }
    }

    /**
     * Skips the test unless the program says that it is based on OpenSSL 3, whose messages the page has.
     *
     * @return what the program says about its version; it is asked once
     */
    static String assumeOpenssl3(List<String> versionCommand) {
        String name = versionCommand.get(0);
        String version = VERSIONS.computeIfAbsent(versionCommand, Program::version);
        if (version.isEmpty()) {
            skip("there is no " + name + " here that runs; install it");
        }
        if (!OPENSSL_3.matcher(version).find()) {
            skip(name + " is not based on OpenSSL 3, but: " + version.strip());
        }
        return version;
    }

    private static String version(List<String> command) {
        try {
            return run("", command);
        } catch (IOException | FailedException none) {
            return "";
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** Skips the test, and says why. */
    static void skip(String why) {
        System.out.println("Skipped: " + why);
        Assumptions.abort(why);
    }
}
