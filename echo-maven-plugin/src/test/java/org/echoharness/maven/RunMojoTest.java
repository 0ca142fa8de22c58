package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.maven.plugin.MojoExecutionException;
import org.echoharness.BrokenServers;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunMojoTest {

    @TempDir
    private Path directory;

    private final LogLines log = new LogLines();

    @Test
    void servesAndReportsUntilInterrupted() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        RunningGoal running = RunningGoal.start(run::execute);
        int port = Integer.parseInt(log.await("INFO starting up on 127.0.0.1 port "));
        assertThat(Build.echoes(port)).isTrue();
        assertThat(log.await("INFO received ")).startsWith("17 bytes \"is there an echo?\" from 127.0.0.1:");
        log.await("INFO no data from 127.0.0.1:");

        running.interrupt();

        assertThat(running.await()).as("the interrupt is kept").isTrue();
        Build.listen(port).close();
        assertThat(log.seen()).last().isEqualTo("INFO stopped: the build was interrupted");
    }

    @Test
    void endsAfterTimeout() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        run.timeout = "50ms";
        run.execute();
        int port = Integer.parseInt(log.await("INFO starting up on 127.0.0.1 port "));
        Build.listen(port).close();
        assertThat(log.seen()).last().isEqualTo("INFO stopped after 50ms");
    }

    @Test
    void printsTimesIfEnabled() throws Exception {
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
    void usesPortOfTutorialByDefault() {
        assertThatThrownBy(run("no-such-host.invalid")::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageStartingWith(
                        "the server did not start (execution run-it): cannot listen on no-such-host.invalid:10000");
    }

    @Test
    void refusesBusyPort() throws Exception {
        try (ServerSocket busy = Build.listen(0)) {
            assertThatThrownBy(run("127.0.0.1:" + busy.getLocalPort())::execute)
                    .isInstanceOf(MojoExecutionException.class)
                    .hasMessageContaining("(execution run-it): cannot listen on 127.0.0.1:" + busy.getLocalPort());
        }
    }

    @Test
    void refusesWrongTimeoutBeforeListening() {
        RunMojo run = run("127.0.0.1:0");
        run.timeout = "5";
        assertThatThrownBy(run::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageContaining("timeout (5) must be a duration with its unit");
        assertThat(log.seen()).isEmpty();
    }

    @Test
    void refusesWrongOptionAsRuntimeDoes() {
        RunMojo run = run("127.0.0.1:0");
        run.bufferSize = "0";
        assertThatThrownBy(run::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("the server did not start (execution run-it): bufferSize (0) must be at least 1 byte");
    }

    @Test
    void refusesEmptyAddress() {
        RunMojo run = run();
        run.addresses = Arrays.asList("127.0.0.1:0", null); // as Maven hands it out
        assertThatThrownBy(run::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage(
                        "the server did not start (execution run-it): addresses (127.0.0.1:0,) has an empty element;"
                                + " give each a value, or leave addresses out");
    }

    @Test
    void listensAtEachAddress() throws Exception {
        RunMojo run = run("127.0.0.1:0", "127.0.0.1:0");
        RunningGoal running = RunningGoal.start(run::execute);
        log.await("INFO waiting for a connection");
        List<Integer> ports = log.seen().stream()
                .filter(line -> line.startsWith("INFO starting up on 127.0.0.1 port "))
                .map(line -> Integer.valueOf(line.replaceFirst(".* ", "")))
                .toList();
        assertThat(ports).hasSize(2).doesNotHaveDuplicates();
        for (int port : ports) {
            assertThat(Build.echoes(port)).isTrue();
        }
        running.interrupt();
        running.await();
        for (int port : ports) {
            Build.listen(port).close();
        }
    }

    @Test
    void printsAddressOfControlWithToken() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        run.control = "127.0.0.1:0";
        RunningGoal running = RunningGoal.start(run::execute);
        String page = "http://127.0.0.1:" + log.await("INFO control at http://127.0.0.1:");
        assertThat(page).matches("http://127\\.0\\.0\\.1:\\d+/#token=[0-9a-f]{32}");
        HttpURLConnection recording = (HttpURLConnection) URI.create(page)
                .resolve("/servers/default/recording.html")
                .toURL()
                .openConnection();
        recording.setRequestProperty("Authorization", "Bearer " + page.replaceFirst(".*=", ""));
        recording.setReadTimeout(30_000);
        try (InputStream in = recording.getInputStream()) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("<title>server of the goal run</title>");
        }

        running.interrupt();

        assertThat(running.await()).isTrue();
        Build.listen(URI.create(page).getPort()).close();
        assertThat(log.seen().stream().filter(line -> line.contains("#token="))).hasSize(1);
        assertThat(folder()).doesNotExist();
    }

    @Test
    void failsIfServerClosesByItself() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        ForegroundServer running =
                ForegroundServer.start(EchoServer.builder().addresses("127.0.0.1:0"), null, null, log);
        BrokenServers.fail(running.server(), new OutOfMemoryError("Java heap space"));
        assertThatThrownBy(() -> run.serve(running, Duration.ofMinutes(2)))
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("the server closed by itself (execution run-it): java.lang.OutOfMemoryError: Java heap"
                        + " space; if it is for want of memory, raise -Xmx in MAVEN_OPTS");
        assertThat(log.seen())
                .containsOnlyOnce(
                        "WARN the event loop of 127.0.0.1:" + running.server().port()
                                + " failed, so the server closes: java.lang.OutOfMemoryError: Java" + " heap space")
                .noneMatch(line -> line.startsWith("INFO stopped after"));
    }

    @Test
    void failsIfRecordingCannotBeWritten() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        run.record = "true";
        RunningGoal running = RunningGoal.start(run::execute);
        log.await("INFO waiting for a connection");
        Path inTheWay = Files.createFile(
                Files.createDirectories(folder().resolve("echo")).resolve("default"));
        running.interrupt();
        assertThatThrownBy(running::await)
                .cause()
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("the recording could not be written: " + inTheWay
                        + ": a file is in the way, where a folder is needed; delete it (execution run-it)");
        assertThat(log.seen()).anyMatch(line -> line.startsWith("WARN the recording could not be written: "));
    }

    @Test
    void refusesUnwritableRecordingAtStart() throws Exception {
        Files.createDirectories(folder());
        Files.createFile(folder().resolve("echo"));
        RunMojo run = run("127.0.0.1:0");
        run.recording = "on";
        assertThatThrownBy(run::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("the server did not start (execution run-it): recordings cannot be written: "
                        + folder().resolve("echo")
                        + ": a file is in the way, where a folder is needed; delete it, or record nothing");
        assertThat(log.seen()).isEmpty();
    }

    @Test
    void startsNothingIfSkipped() throws Exception {
        RunMojo run = run("127.0.0.1:0");
        run.skip = "true";
        run.execute();
        assertThat(log.seen()).containsExactly("INFO run skipped: echo.skip is set");
    }

    private Path folder() {
        return directory.resolve("target");
    }

    private RunMojo run(String... addresses) {
        Build build = new Build(directory);
        build.request.setBaseDirectory(directory.toFile());
        RunMojo run = build.run(addresses);
        run.setLog(log);
        return run;
    }
}
