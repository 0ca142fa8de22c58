package org.echoharness.wire;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.Assumptions;

/**
 * A program of this machine, found on the path; installed where the variable {@code CI} or {@code -Dwire.install=true}
 * asks for it; otherwise the test is skipped. Each run has a deadline, and its processes end with it.
 */
final class Program {

    private static final long LONGEST_RUN = 60;
    private static final long LONGEST_INSTALLATION = 430; // over all the limits in the script

    private final Path file;

    private Program(Path file) {
        this.file = file;
    }

    /**
     * The first of these names that is found.
     *
     * @param debianPackage what brings the program
     */
    static Program orSkip(String debianPackage, String... names) throws IOException, InterruptedException {
        Path found = find(names);
        if (found == null && isToInstall()) {
            install(debianPackage);
            found = find(names);
        }
        if (found == null) {
            String message = "Skipped: there is no " + String.join(" or ", names)
                    + " here; install it, or let -Dwire.install=true do it (Debian, as root or by sudo)";
            System.out.println(message);
            Assumptions.abort(message);
        }
        return new Program(found);
    }

    /** Returns the browser, under the name that this system gives it, or skips the test. */
    static Program chromiumOrSkip() throws IOException, InterruptedException {
        return orSkip("chromium", "chromium", "chromium-browser", "google-chrome");
    }

    private static Path find(String... names) {
        for (String name : names) {
            for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
                Path file = Path.of(folder, name);
                if (!folder.isEmpty() && Files.isRegularFile(file) && Files.isExecutable(file)) {
                    return file;
                }
            }
        }
        return null;
    }

    String file() {
        return file.toString();
    }

    private static boolean isToInstall() {
        return Boolean.getBoolean("wire.install")
                || !System.getenv().getOrDefault("CI", "").isEmpty();
    }

    private static void install(String debianPackage) throws IOException, InterruptedException {
        if (find("bash") == null) {
            return; // no Debian
        }
        Path output = Files.createTempFile("install", "");
        try {
            ProcessBuilder script = new ProcessBuilder("bash", "install", debianPackage)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            script.environment().put("CI", "true");
            await(script.start(), LONGEST_INSTALLATION);
            System.out.print(Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }

    /**
     * Runs it to its end.
     *
     * @param folder where it may leave what it likes
     * @return what it printed, without its complaints
     */
    String run(Path folder, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(file.toString());
        command.addAll(arguments);
        Path output = Files.createTempFile(folder, "output", "");
        Path complaints = Files.createTempFile(folder, "complaints", "");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(output.toFile())
                .redirectError(complaints.toFile());
        builder.environment().put("HOME", folder.toString()); // not the preferences of the user
        Process process = builder.start();
        process.getOutputStream().close();
        boolean ended = await(process, LONGEST_RUN);
        if (!ended || process.exitValue() != 0) {
            throw new AssertionError(command + (ended ? " failed: " + process.exitValue() : " still ran") + "\n"
                    + Files.readString(complaints));
        }
        return Files.readString(output);
    }

    private static boolean await(Process process, long seconds) throws InterruptedException {
        try {
            return process.waitFor(seconds, TimeUnit.SECONDS);
        } finally {
            ForkedProcess.kill(process);
        }
    }
}
