package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.maven.plugin.MojoExecutionException;
import org.junit.jupiter.api.Test;

class RunMojoTest {

    private final LogLines log = new LogLines();

    @Test
    void itServesAndTellsUntilItIsInterrupted() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        FutureTask<Boolean> running = new FutureTask<>(() -> {
            run.execute();
            return Thread.interrupted();
        });
        Thread thread = new Thread(running, "run");
        thread.setDaemon(true);
        thread.start();
        int port = Integer.parseInt(log.await("INFO starting up on 127.0.0.1 port "));
        assertThat(Build.echoes(port)).isTrue();
        assertThat(log.await("INFO received ")).startsWith("17 bytes \"is there an echo?\" from 127.0.0.1:");
        log.await("INFO no data from 127.0.0.1:");

        thread.interrupt();

        assertThat(running.get(30, TimeUnit.SECONDS))
                .as("the interrupt is kept")
                .isTrue();
        Build.listen(port).close();
        assertThat(log.seen()).last().isEqualTo("INFO stopped: the build was interrupted");
    }

    @Test
    void itEndsAfterItsTimeout() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        run.timeout = "50ms";
        run.execute();
        int port = Integer.parseInt(log.await("INFO starting up on 127.0.0.1 port "));
        Build.listen(port).close();
        assertThat(log.seen()).last().isEqualTo("INFO stopped after 50ms");
    }

    @Test
    void linesHaveTimesWhereAsked() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        run.timeout = "50ms";
        run.times = "true";
        run.execute();
        assertThat(log.seen())
                .first()
                .asString()
                .matches(
                        "INFO \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z starting up on 127\\.0\\.0\\.1 port \\d+");
        RunMojo wrong = run("127.0.0.1:0");
        wrong.times = "yes";
        assertThatThrownBy(wrong::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageContaining("times (yes) must be true or false");
    }

    @Test
    void theDefaultPortIsTheTutorials() {
        assertThatThrownBy(run("no-such-host.invalid")::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageStartingWith(
                        "the server did not start (execution run-it): cannot listen on no-such-host.invalid:10000");
    }

    @Test
    void aBusyPortIsAnError() throws Exception {
        try (ServerSocket busy = Build.listen(0)) {
            assertThatThrownBy(run("127.0.0.1:" + busy.getLocalPort())::execute)
                    .isInstanceOf(MojoExecutionException.class)
                    .hasMessageContaining("(execution run-it): cannot listen on 127.0.0.1:" + busy.getLocalPort());
        }
    }

    @Test
    void aWrongTimeoutIsRefusedBeforeAnythingListens() {
        RunMojo run = run("127.0.0.1:0");
        run.timeout = "5";
        assertThatThrownBy(run::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageContaining("timeout (5) must be a duration with its unit");
        assertThat(log.seen()).isEmpty();
    }

    @Test
    void aWrongOptionIsRefusedInTheRuntimesWords() {
        RunMojo run = run("127.0.0.1:0");
        run.bufferSize = "0";
        assertThatThrownBy(run::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("the server did not start (execution run-it): bufferSize (0) must be at least 1 byte");
    }

    @Test
    void skippedItRunsNothing() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        run.skip = "true";
        run.execute();
        assertThat(log.seen()).containsExactly("INFO run skipped: echo.skip is set");
    }

    private RunMojo run(String... addresses) {
        Build build = new Build(Path.of("."));
        RunMojo run = build.prepared(new RunMojo(), "run");
        run.setLog(log);
        run.addresses = List.of(addresses);
        run.timeout = "none";
        run.times = "false";
        Build.defaults(run);
        return run;
    }
}
