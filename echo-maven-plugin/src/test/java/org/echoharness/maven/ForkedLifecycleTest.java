package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.maven.project.MavenProject;
import org.junit.jupiter.api.Test;

/** A lifecycle that a goal forks has a copy of the project, with the same id. */
class ForkedLifecycleTest extends BuildFixture {

    private static final String PORT = "echo.server.default.port";

    @Test
    void serverRunsInFork() throws Exception {
        build.start().execute();
        int port = build.port("default");
        MavenProject fork = fork();

        startIn(fork);
        stopIn(fork);

        assertThat(Build.echoes(port)).isTrue();
        assertThat(fork.getProperties()).containsEntry(PORT, Integer.toString(port));
        assertThat(build.log.seen())
                .containsExactly(
                        "INFO server default listens on 127.0.0.1:" + port,
                        build.controlLine(),
                        "INFO server default goes on at 127.0.0.1:" + port,
                        "INFO the servers go on: the build around this lifecycle started them");

        build.stop().execute();
        assertThat(build.project.getProperties()).isEmpty();
        assertThat(fork.getProperties()).isEmpty();
        Build.listen(port).close();
    }

    @Test
    void forkAfterStopStartsOwnServer() throws Exception {
        build.start().execute();
        build.stop().execute();
        MavenProject fork = fork();

        startIn(fork);

        int port = Integer.parseInt(fork.getProperties().getProperty(PORT));
        assertThat(Build.echoes(port)).isTrue();
        stopIn(fork);
        Build.listen(port).close();
        assertThat(fork.getProperties()).isEmpty();
    }

    /** As in {@code mvn package verify}. */
    @Test
    void serverRunsInNextPhase() throws Exception {
        build.start().execute();
        int port = build.port("default");
        build.start().execute();
        assertThat(build.port("default")).isEqualTo(port);
        build.stop().execute();
        assertThat(build.project.getProperties()).isEmpty();
    }

    private MavenProject fork() {
        MavenProject fork = build.project.clone();
        build.project.setExecutionProject(fork);
        return fork;
    }

    private void startIn(MavenProject fork) throws Exception {
        StartMojo start = build.start();
        start.project = fork;
        start.session.setCurrentProject(fork);
        start.execute();
    }

    private void stopIn(MavenProject fork) throws Exception {
        StopMojo stop = build.stop();
        stop.project = fork;
        stop.execute();
    }
}
