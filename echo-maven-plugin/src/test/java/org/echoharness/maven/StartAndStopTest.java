package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiConsumer;
import org.apache.maven.execution.ExecutionListener;
import org.apache.maven.model.Plugin;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.echoharness.BrokenServers;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartAndStopTest extends BuildFixture {

    @Test
    void serverListensUntilStop() throws Exception {
        build.start().execute();
        int port = build.port("default");
        String control = build.controlLine();
        assertThat(Build.echoes(port)).isTrue();

        build.stop().execute();

        Build.listen(port).close();
        assertThat(build.log.seen())
                .containsExactly(
                        "INFO server default listens on 127.0.0.1:" + port, control, "INFO server default stopped");
    }

    @Test
    void stopWithdrawsPublishedProperties() throws Exception {
        build.start().execute();
        assertThat(build.file()).content().contains("echo.server.default.port=" + build.port("default") + "\n");

        build.stop().execute();

        assertThat(build.project.getProperties()).isEmpty();
        assertThat(build.file()).doesNotExist();
    }

    @Test
    void startsServersOfSeveralIds() throws Exception {
        StartMojo up = build.start();
        up.id = "up";
        up.execute();
        StartMojo down = build.start("127.0.0.1:0", "127.0.0.1:0");
        down.id = "down_2";
        down.execute();

        assertThat(Build.echoes(build.port("up"))).isTrue();
        assertThat(Build.echoes(build.port("down_2"))).isTrue();
        assertThat(Build.echoes(build.port("down_2.1"))).isTrue();
        assertThat(build.file()).content().contains("echo.server.up.port=", "echo.server.down_2.1.address=127.0.0.1:");

        build.stop().execute();
        assertThat(build.log.seen()).endsWith("INFO server down_2 stopped", "INFO server up stopped");
    }

    @Test
    void stopIsSilentIfNothingRuns() throws Exception {
        build.stop().execute();
        assertThat(build.log.seen()).isEmpty();

        build.start().execute();
        build.stop().execute();
        build.stop().execute();
        assertThat(build.log.seen()).hasSize(3);
    }

    @Test
    void stopWarnsOfServerThatClosedByItself() throws Exception {
        build.start().execute();
        int port = build.port("default");
        EchoServer server = ProjectServers.in(build.context).runningBy("default");
        BrokenServers.fail(server, new OutOfMemoryError("Java heap space"));

        build.stop().execute();

        assertThat(build.log.seen())
                .containsOnlyOnce(
                        "WARN server default had closed by itself before: java.lang.OutOfMemoryError: Java heap"
                                + " space")
                .last()
                .isEqualTo("INFO server default stopped");
        Build.listen(port).close();
        assertThat(build.project.getProperties()).isEmpty();
    }

    @Test
    void startsServerAgainAfterStop() throws Exception {
        build.start().execute();
        int port = build.port("default");
        build.stop().execute();

        build.start("127.0.0.1:" + port).execute();

        assertThat(Build.echoes(port)).isTrue();
    }

    @Test
    void stopKeepsServersOfOtherProjects() throws Exception {
        Build other = new Build(directory.resolve("other"), "other");
        try {
            other.start().execute();
            build.start().execute();
            build.stop().execute();
            assertThat(Build.echoes(other.port("default"))).isTrue();
        } finally {
            other.stop().execute();
        }
    }

    @Test
    void refusesDuplicateIdInProject() throws Exception {
        build.start().execute();
        int port = build.port("default");

        StartMojo another = build.start();
        another.execution = new MojoExecution(another.execution.getMojoDescriptor(), "another");
        assertThatThrownBy(another::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution another): a server of this id runs in this project"
                        + " already, started by the execution start-it; give each an id of its own, in its <server> or in the <configuration> of"
                        + " its start");

        assertThat(Build.echoes(port)).isTrue();
        assertThat(build.port("default")).isEqualTo(port);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a.b", "ä", "a/b", "a\n"})
    void refusesWrongCharactersInId(String id) {
        StartMojo start = build.start();
        start.id = id;
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageContaining("id (" + id + ") must be of letters, digits, - and _ alone");
    }

    @Test
    void busyPortNamesExecutionIdAddressAndCure() throws Exception {
        try (ServerSocket busy = Build.listen(0)) {
            String address = "127.0.0.1:" + busy.getLocalPort();
            assertThatThrownBy(() -> build.start(address).execute())
                    .isInstanceOf(MojoExecutionException.class)
                    .hasCauseInstanceOf(BindException.class)
                    .hasMessageStartingWith(
                            "server default did not start (execution start-it): cannot listen on " + address + ": ")
                    .hasMessageEndingWith("or take port 0 and let the kernel pick a free one");
        }
        assertThat(build.project.getProperties()).isEmpty();
        assertThat(build.file()).doesNotExist();
    }

    @Test
    void busyAddressFreesOtherAddresses() throws Exception {
        int free;
        try (ServerSocket probe = Build.listen(0)) {
            free = probe.getLocalPort();
        }
        try (ServerSocket busy = Build.listen(0)) {
            assertThatThrownBy(() -> build.start("127.0.0.1:" + free, "127.0.0.1:" + busy.getLocalPort())
                            .execute())
                    .isInstanceOf(MojoExecutionException.class);
        }
        Build.listen(free).close();
    }

    @Test
    void stopsServersIfListCannotBeWritten() throws Exception {
        Files.createFile(directory.resolve("echo"));
        int free;
        try (ServerSocket probe = Build.listen(0)) {
            free = probe.getLocalPort();
        }

        assertThatThrownBy(() -> build.start("127.0.0.1:" + free).execute())
                .isInstanceOf(MojoExecutionException.class)
                .hasCauseInstanceOf(IOException.class)
                .hasMessageStartingWith("server default did not start (execution start-it): ");

        Build.listen(free).close();
        assertThat(build.project.getProperties()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "backlog, 0, must be at least 1",
        "bufferSize, 0, must be at least 1 byte",
        "maxConnections, many, must be a whole number",
        "idleTimeout, 5, must be a duration with its unit",
        "idleClose, 5, must be a duration with its unit",
        "eventLoops, 257, must be at most 256"
    })
    void refusesWrongOptionAsRuntimeDoes(String word, String value, String cure) {
        Map<String, BiConsumer<StartMojo, String>> options = Map.of(
                "backlog", (start, text) -> start.backlog = text,
                "bufferSize", (start, text) -> start.bufferSize = text,
                "maxConnections", (start, text) -> start.maxConnections = text,
                "idleTimeout", (start, text) -> start.idleTimeout = text,
                "idleClose", (start, text) -> start.idleClose = text,
                "eventLoops", (start, text) -> start.eventLoops = text);
        StartMojo start = build.start();
        options.get(word).accept(start, value);
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageStartingWith(
                        "server default did not start (execution start-it): " + word + " (" + value + ") " + cure);
    }

    @Test
    void serverHasFaultsOfPom() throws Exception {
        StartMojo start = build.start();
        start.faults = "connection 1: greet 'hello'";
        start.execute();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), build.port("default"))) {
            socket.setSoTimeout(30_000);
            assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
        }
    }

    @Test
    void refusesWrongFaultsAsRuntimeDoes() {
        StartMojo start = build.start();
        start.faults = "reset, dealy 50ms";
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageStartingWith(
                        "server default did not start (execution start-it): faults: \"dealy\" at position 8: expected");
    }

    @Test
    void refusesWrongAddressAsRuntimeDoes() {
        assertThatThrownBy(() -> build.start("127.0.0.1").execute())
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageStartingWith(
                        "server default did not start (execution start-it): address (127.0.0.1) is not");
    }

    @Test
    void refusesEmptyItemOfList() throws Exception {
        StartMojo start = build.start();
        start.addresses = Arrays.asList("127.0.0.1:0", null); // as Maven hands it out
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution start-it): addresses (127.0.0.1:0,) has an empty"
                        + " element; give each a value, or leave addresses out");

        build.start().execute();
        StopMojo stop = build.stop();
        stop.ids = Arrays.asList((String) null);
        assertThatThrownBy(stop::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("no server stopped (execution stop-it): ids () has an empty element; give each a value, or"
                        + " leave ids out");
    }

    @Test
    void warnsOfAddressOtherMachinesReach() throws Exception {
        build.start("*:0").execute();
        assertThat(build.log.seen())
                .first()
                .asString()
                .startsWith("WARN server default: listening on ")
                .endsWith("other machines may connect");
    }

    @Test
    @Timeout(120)
    void serverDoesNotWaitForLog() throws Exception {
        CountDownLatch opened = new CountDownLatch(1);
        build.log.blockWarnings(opened);
        StartMojo start = build.start();
        start.maxConnections = "1";
        start.execute();
        int port = build.port("default");
        try (Socket served = new Socket()) {
            served.connect(Build.loopback(port));
            served.setSoTimeout(30_000);
            for (int i = 0; i < 2; i++) {
                served.getOutputStream().write('x');
                assertThat(served.getInputStream().read()).isEqualTo('x');
                if (i == 0) {
                    assertThatThrownBy(() -> Build.echoes(port)).isInstanceOf(IOException.class);
                }
            }
        } finally {
            opened.countDown();
        }
        String control = build.controlLine();
        build.stop().execute();
        assertThat(build.log.seen())
                .containsExactly(
                        "INFO server default listens on 127.0.0.1:" + port,
                        control,
                        "WARN server default: maxConnections (1) is reached at 127.0.0.1:" + port
                                + ": further connections are reset",
                        "INFO server default stopped");
    }

    @ParameterizedTest
    @CsvSource({"skipITs", "maven.test.skip", "maven.test.skip.exec", "skipTests"})
    void startsNothingIfTestsAreSkipped(String property) throws Exception {
        build.request.getUserProperties().setProperty(property, "true");
        build.start().execute();
        assertThat(build.project.getProperties()).isEmpty();
        assertThat(build.log.seen()).containsExactly("INFO start skipped: " + property + " is set");
    }

    @Test
    void commandLinePropertyOverridesPom() throws Exception {
        build.project.getProperties().setProperty("skipITs", "true");
        build.start().execute();
        assertThat(build.log.seen()).containsExactly("INFO start skipped: skipITs is set");

        build.request.getUserProperties().setProperty("skipITs", "false");
        build.start().execute();
        assertThat(Build.echoes(build.port("default"))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"2.12.4, false", "3.5.6, false", "3.6.0-M1, true", "3.6.0, true", "3.6.1, true", "4.0.0, true", ", true"
    })
    void followsSkipTestsOnlyIfFailsafeDoes(String failsafe, boolean starts) throws Exception {
        build.request.getUserProperties().setProperty("skipTests", "true");
        Plugin plugin = new Plugin();
        plugin.setArtifactId("maven-failsafe-plugin");
        plugin.setVersion(failsafe);
        build.project.getModel().setBuild(new org.apache.maven.model.Build());
        build.project.getBuild().addPlugin(plugin);
        build.start().execute();
        assertThat(build.file().toFile().exists()).isEqualTo(starts);
    }

    @Test
    void startsDespiteSkippedTestsIfPomSaysSo() throws Exception {
        build.request.getUserProperties().setProperty("skipITs", "true");
        StartMojo start = build.start();
        start.skipWithTests = "false";
        start.execute();
        assertThat(Build.echoes(build.port("default"))).isTrue();
    }

    @Test
    void startsNothingIfEchoSkipIsSet() throws Exception {
        StartMojo start = build.start();
        start.skip = "true";
        start.execute();
        assertThat(build.log.seen()).containsExactly("INFO start skipped: echo.skip is set");
    }

    @Test
    void endOfBuildClosesServerOfSkippedStop() throws Exception {
        build.start().execute();
        int port = build.port("default");
        StopMojo stop = build.stop();
        stop.skip = "true";
        stop.execute();
        assertThat(Build.echoes(port)).isTrue();

        ExecutionListener listener = build.request.getExecutionListener();
        listener.sessionEnded(null);

        Build.listen(port).close();
        assertThat(build.log.seen()).last().isEqualTo("INFO server default stopped because the build ended");
        assertThat(build.file()).doesNotExist();
        assertThatThrownBy(() -> build.start().execute()).hasMessageEndingWith("the build has ended");
    }
}
