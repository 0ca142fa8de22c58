package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.BindException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.maven.plugin.MojoExecutionException;
import org.echoharness.EchoClient;
import org.junit.jupiter.api.Test;

/** {@code <servers>}, and {@code <ids>} of some of them. */
class SeveralServersTest extends BuildFixture {

    @Test
    void serverOptionsOverrideThoseOfGoal() throws Exception {
        Server greeting = server("greeting");
        greeting.faults = "greet 'own'";
        greeting.addresses = List.of("127.0.0.1:0", "127.0.0.1:0");
        StartMojo start = build.start();
        start.faults = "greet 'all'";
        start.servers = List.of(greeting, server("other"));
        start.execute();

        assertThat(greetingAt("greeting")).isEqualTo("own");
        assertThat(greetingAt("greeting.1")).isEqualTo("own");
        assertThat(greetingAt("other")).isEqualTo("all");
    }

    @Test
    void serverWithoutIdIsDefault() throws Exception {
        start(server(null));
        assertThat(Build.echoes(build.port("default"))).isTrue();
    }

    @Test
    void emptyListUsesAddressesOfGoal() throws Exception {
        Server server = server("up");
        server.addresses = List.of();
        start(server);
        assertThat(Build.echoes(build.port("up"))).isTrue();
    }

    @Test
    void failedStartClosesAllServers() throws Exception {
        int free;
        try (ServerSocket probe = Build.listen(0)) {
            free = probe.getLocalPort();
        }
        try (ServerSocket busy = Build.listen(0)) {
            Server first = server("first");
            first.addresses = List.of("127.0.0.1:" + free);
            Server second = server("second");
            second.addresses = List.of("127.0.0.1:" + busy.getLocalPort());
            assertThatThrownBy(() -> start(first, second, server("third")))
                    .isInstanceOf(MojoExecutionException.class)
                    .hasCauseInstanceOf(BindException.class)
                    .hasMessageStartingWith("server second did not start (execution start-it): cannot listen on "
                            + "127.0.0.1:" + busy.getLocalPort() + ": ");
        }
        Build.listen(free).close();
        assertThat(build.log.seen()).isEmpty();
        assertThat(build.project.getProperties()).isEmpty();
        assertThat(build.file()).doesNotExist();
    }

    @Test
    void failedStartLeavesNoRecording() throws Exception {
        Server first = server("first");
        Server second = server("second");
        first.record = "true";
        second.record = "true";
        try (ServerSocket busy = Build.listen(0)) {
            second.addresses = List.of("127.0.0.1:" + busy.getLocalPort());
            assertThatThrownBy(() -> start(first, second)).hasCauseInstanceOf(BindException.class);
        }
        assertThat(directory).isEmptyDirectory();

        first.record = "false";
        second.record = "false";
        second.addresses = null;
        start(first, second);
        stop();
        assertThat(build.log.seen()).hasSize(5).endsWith("INFO server first stopped", "INFO server second stopped");
    }

    @Test
    void refusesWrongOptionBeforeStart() {
        Server wrong = server("wrong");
        wrong.bufferSize = "0";
        assertThatThrownBy(() -> start(server("right"), wrong))
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server wrong did not start (execution start-it): bufferSize (0) must be at least 1 byte");
        assertThat(build.log.seen()).isEmpty();
    }

    @Test
    void refusesDuplicateId() {
        assertThatThrownBy(() -> start(server("up"), server("up")))
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage(
                        "server up did not start (execution start-it): id (up) is given twice; give each <server> its"
                                + " own");
    }

    @Test
    void refusesShortFormWithServers() throws Exception {
        StartMojo start = build.start();
        Build.configure(start.execution, "addresses", "127.0.0.1:0");
        start.servers = List.of(server("up"));
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("no server started (execution start-it): servers and addresses are both given; give each"
                        + " <server> its own, or leave servers out");

        StartMojo named = build.start();
        Build.configure(named.execution, "id", "${echo.id}");
        named.servers = List.of(server("up"));
        named.execute();
        build.request.getUserProperties().setProperty("echo.id", "up");
        named.session = build.session();
        assertThatThrownBy(named::execute).hasMessageContaining("servers and id are both given");
    }

    @Test
    void refusesEmptyListOfServers() {
        StartMojo start = build.start();
        start.servers = List.of();
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("no server started (execution start-it): servers has no <server>; give it one, or leave it"
                        + " out");
    }

    @Test
    void stopClosesServersOfGivenIds() throws Exception {
        start(server("a"), server("b"), server("c"));
        int a = build.port("a");
        int c = build.port("c");

        stop("a", "c");

        Build.listen(a).close();
        Build.listen(c).close();
        assertThat(Build.echoes(build.port("b"))).isTrue();
        assertThat(build.file()).content().contains("echo.server.b.port=").doesNotContain("echo.server.a", "server.c");
        assertThat(build.project.getProperties())
                .containsOnlyKeys(
                        "echo.server.b.host",
                        "echo.server.b.port",
                        "echo.server.b.address",
                        "echo.control.url",
                        "echo.control.token");
        assertThat(build.log.seen()).endsWith("INFO server a stopped", "INFO server c stopped");
    }

    @Test
    void stopWarnsOfUnknownId() throws Exception {
        stop("a");
        assertThat(build.log.seen()).isEmpty();

        start(server("a"), server("b"));
        stop("c", "a", "a");
        assertThat(build.log.seen())
                .endsWith(
                        "WARN no server c runs in this project, only a, b; correct the <ids> of stop",
                        "INFO server a stopped");
    }

    private void start(Server... servers) throws Exception {
        StartMojo start = build.start();
        start.servers = List.of(servers);
        start.execute();
    }

    private void stop(String... ids) throws Exception {
        StopMojo stop = build.stop();
        stop.ids = List.of(ids);
        stop.execute();
    }

    private String greetingAt(String id) throws Exception {
        try (EchoClient client = EchoClient.connect("127.0.0.1:" + build.port(id))) {
            return new String(client.receive(3), StandardCharsets.US_ASCII);
        }
    }

    private static Server server(String id) {
        Server server = new Server();
        server.id = id;
        return server;
    }
}
