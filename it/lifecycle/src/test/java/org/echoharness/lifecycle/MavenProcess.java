package org.echoharness.lifecycle;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.echoharness.support.ForkedProcess;

/** Processes with this build's Maven, and with what was just built in their repository. */
final class MavenProcess {

    private static final String HOME = System.getProperty("maven.home");
    private static final String REPOSITORY = System.getProperty("local.repo");
    private static final Map<String, String> SMALL =
            Map.of("MAVEN_OPTS", "-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    private static final Duration LONGEST = Duration.ofMinutes(2);

    private MavenProcess() {}

    /** {@code mvn} in the foreground, which receives SIGINT. */
    static ForkedProcess mvn(Path folder, String... arguments) throws IOException, InterruptedException {
        List<String> maven = List.of(
                Path.of(HOME, "bin", "mvn").toString(),
                "-B",
                "-Dmaven.repo.local=" + REPOSITORY,
                "-Decho.version=" + System.getProperty("project.version"));
        List<String> command = ForkedProcess.by(maven, List.of(arguments));
        return start(folder, ForkedProcess.by(ForkedProcess.withDefaultSignals(), command));
    }

    /** A {@link Daemon}. */
    static ForkedProcess daemon(Path folder) throws IOException {
        List<Path> classPath =
                List.of(ForkedProcess.home(Daemon.class), Path.of(HOME, "lib", "*"), Path.of(HOME, "boot", "*"));
        return start(
                folder,
                ForkedProcess.java(
                        List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"), classPath, Daemon.class.getName(), REPOSITORY));
    }

    private static ForkedProcess start(Path folder, List<String> command) throws IOException {
        return new ForkedProcess(folder, SMALL, LONGEST, command);
    }
}
