package org.echoharness.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Builds in a JVM that outlives them: no server, no thread and no list is left, however a build ends. */
@Timeout(300)
class DaemonIT {

    @TempDir
    private Path folder;

    private ForkedProcess daemon;

    @BeforeEach
    void begin() throws Exception {
        assumeTrue(System.getProperty("maven.version").startsWith("3."), "the daemon is one of Maven 3");
        daemon = MavenProcess.daemon(folder);
    }

    @AfterEach
    void end() {
        if (daemon != null) {
            daemon.close();
        }
    }

    @Test
    void successiveBuildsStopTheirServers() throws Exception {
        Path project = Projects.copy("one", folder);
        String addresses = " " + Projects.addresses(folder);
        for (int i = 0; i < 2; i++) {
            String log = build("built: success", project, "1 verify" + addresses);
            assertThat(log).contains("server default stopped\n");
            Projects.assertGone(Projects.files(log), folder);
            log = build("built: failure", project, "1 verify expected=else" + addresses);
            assertThat(log).contains("server default stopped because the project failed\n", "projectFailed");
            Projects.assertGone(Projects.files(log), folder);
            log = build("built: success", project, "1 integration-test" + addresses);
            assertThat(log).containsPattern("server default stopped(?: because the build ended)?\n");
            Projects.assertGone(Projects.files(log), folder);
        }
    }

    @Test
    void parallelModulesStopTheirServers() throws Exception {
        Path project = Projects.copy("several", folder);
        for (int i = 0; i < 2; i++) {
            String log = build("built: failure", project, "4 verify");
            assertThat(Projects.ports(log)).hasSize(8).doesNotHaveDuplicates();
            assertThat(log).contains("server default stopped because the project failed\n", "server default stopped\n");
            assertThat(log.split("server default stopped because the build ended\n", -1))
                    .as("one without stop, and one with a class loader of its own")
                    .hasSize(3);
        }
    }

    /** Returns the output of the build, after checking that nothing of its servers is left. */
    private String build(String end, Path project, String arguments) throws Exception {
        daemon.send(project + " " + arguments + " echo.version=" + System.getProperty("project.version"));
        String log = daemon.lines().awaitText("built: .*");
        assertThat(log).endsWith(end).contains("left: []\n");
        assertThat(log)
                .as("the request's own listener")
                .contains("heard: [projectDiscoveryStarted, sessionStarted", "sessionEnded]\n");
        assertThat(Projects.ports(log)).isNotEmpty();
        for (int port : Projects.ports(log)) {
            Projects.assertFree(port);
        }
        try (Stream<Path> files = Files.walk(project)) {
            assertThat(files).noneMatch(file -> file.endsWith("servers.properties"));
        }
        return log;
    }
}
