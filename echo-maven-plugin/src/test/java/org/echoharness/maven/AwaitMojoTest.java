package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AwaitMojoTest {

    private final LogLines log = new LogLines();

    @Test
    void returnsAtOnceIfAddressListens() throws Exception {
        try (ServerSocket one = Build.listen(0);
                ServerSocket two = Build.listen(0)) {
            await("127.0.0.1:" + one.getLocalPort(), "127.0.0.1:" + two.getLocalPort())
                    .execute();
            assertThat(log.seen())
                    .containsExactly(
                            "INFO 127.0.0.1:" + one.getLocalPort() + " listens",
                            "INFO 127.0.0.1:" + two.getLocalPort() + " listens");
        }
    }

    @Test
    void returnsWhenAddressListens() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            server.refuse();
            RunningGoal running = running(await("127.0.0.1:" + server.port()));
            assertThat(log.await("INFO waiting for 127.0.0.1:" + server.port()))
                    .contains("cannot connect to", "Connection refused");
            assertThat(running.isDone()).isFalse();
            server.resume();
            running.await();
            assertThat(log.seen()).hasSize(2).last().isEqualTo("INFO 127.0.0.1:" + server.port() + " listens");
        }
    }

    @Test
    void timeoutNamesAddressAndLastFailure() throws Exception {
        try (ServerSocket listening = Build.listen(0);
                Socket bound = new Socket()) {
            bound.bind(Build.loopback(0)); // taken, and not listening
            String good = "127.0.0.1:" + listening.getLocalPort();
            String bad = "127.0.0.1:" + bound.getLocalPort();
            AwaitMojo await = await(good, bad);
            await.timeout = "200ms";
            assertThatThrownBy(await::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasMessageMatching(
                            "no server at " + good + ", " + bad + " \\(execution await-it\\): after 200ms " + bad
                                    + " was tried (once|\\d+ times); the last error was: cannot connect to " + bad
                                    + "( within \\d+ms)?; tried .* \\(Connection refused\\); is a server listening there\\?");
        }
    }

    @Test
    void interruptEndsWait() throws Exception {
        try (Socket bound = new Socket()) {
            bound.bind(Build.loopback(0));
            RunningGoal running = running(await("127.0.0.1:" + bound.getLocalPort()));
            log.await("INFO waiting for ");
            running.interrupt();
            assertThat(running.await()).as("the interrupt is kept").isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:0, 1s, address (127.0.0.1:0) must name the port that the server listens on; port 0 is for servers",
        "127.0.0.1:2, 5, 'timeout (5) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most"
                + " 365 days'"
    })
    void refusesWrongValueBeforeConnecting(String address, String timeout, String refusal) {
        AwaitMojo await = await("127.0.0.1:1", address);
        await.timeout = timeout;
        assertThatThrownBy(await::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("cannot wait for 127.0.0.1:1, " + address + " (execution await-it): " + refusal);
        assertThat(log.seen()).isEmpty();
    }

    @Test
    void namesUnsetProperty() {
        AwaitMojo await = await("127.0.0.1:1", null); // as Maven hands it out
        Xpp3Dom addresses = new Xpp3Dom("addresses");
        addresses.addChild(Build.element("address", "127.0.0.1:1"));
        addresses.addChild(Build.element("address", "${echo.server.up.address}"));
        await.execution.getConfiguration().addChild(addresses);
        assertThatThrownBy(await::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("nothing awaited (execution await-it): addresses (${echo.server.up.address}) names a"
                        + " property that is not set; if it is that of a server, put its start before this execution");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "127.0.0.1:1,"})
    void refusesEmptyAddress(String given) {
        AwaitMojo await = await(given.isEmpty() ? new String[0] : given.split(",", -1));
        assertThatThrownBy(await::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("cannot wait for " + given.replace(",", ", ") + " (execution await-it): addresses (" + given
                        + ") has an empty element; give each a value, or leave addresses out");
        assertThat(log.seen()).isEmpty();
    }

    @Test
    void eachSkipDoesNotWait() throws Exception {
        for (int flag = 0; flag < 2; flag++) {
            AwaitMojo await = await("127.0.0.1:1");
            await.skip = Boolean.toString(flag == 0);
            Build build = new Build(Path.of("."));
            build.request.getUserProperties().setProperty("skipITs", Boolean.toString(flag == 1));
            await.session = build.session();
            await.execute();
        }
        assertThat(log.seen())
                .containsExactly("INFO await skipped: echo.skip is set", "INFO await skipped: skipITs is set");
    }

    private static RunningGoal running(AwaitMojo await) {
        return RunningGoal.start(() -> {
            try {
                await.execute();
            } catch (MojoExecutionException interrupted) {
                assertThat(interrupted).hasMessageEndingWith("(execution await-it): the build was interrupted");
            }
        });
    }

    private AwaitMojo await(String... addresses) {
        AwaitMojo await = new Build(Path.of(".")).prepared(new AwaitMojo(), "await");
        await.setLog(log);
        await.skipWithTests = "true";
        await.addresses = Arrays.asList(addresses);
        await.timeout = "30s";
        return await;
    }
}
