package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Properties;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The HTTP interface that the servers of a project share. */
@Timeout(60)
class ProjectControlTest extends BuildFixture {

    private String url;
    private String token;

    @Test
    void publishesAddressAndTokenForOwnerAlone() throws Exception {
        StartMojo start = build.start();
        start.portsFile = directory.resolve("ports.properties").toFile();
        start.execute();
        readPublished();

        assertThat(token).matches("[0-9a-f]{32}");
        assertThat(answer("/servers")).startsWith("200 {\"servers\":[{\"id\":\"default\",");
        for (Path file : List.of(build.file(), start.portsFile.toPath())) {
            assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
            Properties read = new Properties();
            try (var in = Files.newBufferedReader(file)) {
                read.load(in);
            }
            assertThat(read).containsEntry("echo.control.url", url).containsEntry("echo.control.token", token);
        }
        assertThat(build.log.seen()).contains(build.controlLine()).noneMatch(line -> line.contains(token));

        build.stop().execute();
        assertThat(build.project.getProperties()).isEmpty();
        assertThatThrownBy(() -> answer("/servers")).isInstanceOf(ConnectException.class);
    }

    @Test
    void refusalNamesFileAndEntryOfToken() throws Exception {
        build.start().execute();
        readPublished();
        token = "0";
        assertThat(answer("/servers"))
                .startsWith("401 ")
                .contains("echo.control.token in target/echo/servers.properties");
    }

    @Test
    void serversOfAllExecutionsShareOneInterface() throws Exception {
        startServers("first", server("a"), server("b"));
        readPublished();
        String before = url;
        startServers("second", server("c"));
        readPublished();
        assertThat(url).isEqualTo(before);
        assertThat(build.log.seen()).containsOnlyOnce(build.controlLine());
        assertThat(answer("/servers/c")).startsWith("200 ");

        StopMojo some = build.stop();
        some.ids = List.of("a", "c");
        some.execute();
        assertThat(answer("/servers/a")).isEqualTo("404 {\"error\":\"there is no server \\\"a\\\"; there is b\"}");
        assertThat(build.project.getProperties()).containsEntry("echo.control.url", url);

        startServers("third", server("a"));
        assertThat(answer("/servers/a")).startsWith("200 ");
    }

    @Test
    void noneLeavesServerOut() throws Exception {
        Server out = server("out");
        out.control = "none";
        startServers("some", out, server("in"));
        readPublished();
        assertThat(answer("/servers/out")).startsWith("404 ").contains("there is in");
        assertThatThrownBy(
                        () -> ProjectServers.in(build.context).runningBy("out").recording())
                .isInstanceOf(IllegalStateException.class);

        StopMojo some = build.stop();
        some.ids = List.of("in");
        some.execute();
        assertThat(build.project.getProperties()).doesNotContainKeys("echo.control.url", "echo.control.token");
        assertThatThrownBy(() -> answer("/servers")).isInstanceOf(ConnectException.class);
    }

    @Test
    void noneTurnsItOff() throws Exception {
        StartMojo start = build.start();
        start.control = "none";
        start.execute();
        assertThat(build.project.getProperties()).hasSize(3);
        assertThat(build.file()).content().doesNotContain("control");
        assertThat(build.log.seen()).hasSize(1);
    }

    @Test
    void recordsInMemoryUnlessRecordingIsNone() throws Exception {
        startServers("servers", server("recorded"));
        StartMojo silent = build.start();
        silent.recording = "none";
        Build.configure(silent.execution, "recording", "none");
        silent.execute();
        readPublished();
        Build.echoes(build.port("recorded"));

        assertThat(answer("/servers/recorded/recording")).contains("is there an echo?");
        assertThat(answer("/servers/recorded/recording.html")).contains("server recorded of org.example:project");
        assertThat(answer("/servers/default/recording")).startsWith("409 ");

        build.stop().execute();
        assertThat(directory.resolve("echo")).isEmptyDirectory();
        assertThat(build.log.seen()).contains("INFO server recorded stopped");
    }

    @Test
    void refusesOtherAddressThanThatOfGoalOrOtherExecution() throws Exception {
        Server other = server("other");
        other.control = "127.0.0.1:1";
        assertThatThrownBy(() -> startServers("one", other))
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage(
                        "server other did not start (execution one): control (127.0.0.1:1) of a <server> must be none"
                                + " or that of the goal (127.0.0.1:0), since the servers of a project share one HTTP interface;"
                                + " set control in the <configuration> of start");

        startServers("one", server("a"));
        StartMojo second = execution("two", server("b"));
        Build.configure(second.execution, "control", "127.0.0.1:1");
        second.control = "127.0.0.1:1";
        assertThatThrownBy(second::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server b did not start (execution two): control (127.0.0.1:1) differs from that of the"
                        + " execution one (127.0.0.1:0), but the servers of a project share one HTTP interface; set control"
                        + " for all executions, or none for this one");
        assertThat(Build.echoes(build.port("a"))).isTrue();
    }

    @Test
    void warnsIfOtherMachinesReachIt() throws Exception {
        StartMojo start = build.start();
        start.control = "*:0";
        start.execute();
        readPublished();
        assertThat(url).startsWith("http://127.0.0.1:");
        assertThat(build.log.seen())
                .anyMatch(line -> line.matches("WARN server default: control listens on (0\\.0\\.0\\.0|::) port "
                        + URI.create(url).getPort()
                        + ": other machines may connect, and the token is sent to them in plain text"));
    }

    @Test
    void busyAddressStartsNothing() throws Exception {
        try (var busy = Build.listen(0)) {
            StartMojo start = build.start();
            start.control = "127.0.0.1:" + busy.getLocalPort();
            assertThatThrownBy(start::execute)
                    .isInstanceOf(MojoExecutionException.class)
                    .hasMessageContaining("cannot listen on 127.0.0.1:" + busy.getLocalPort() + " for control: ");
        }
        assertThat(build.project.getProperties()).isEmpty();
        assertThat(build.file()).doesNotExist();
    }

    @Test
    void endOfBuildEndsInterface() throws Exception {
        build.start().execute();
        readPublished();
        build.request.getExecutionListener().sessionEnded(null);
        assertThatThrownBy(() -> answer("/servers")).isInstanceOf(ConnectException.class);
        assertThat(build.file()).doesNotExist();
    }

    private void readPublished() {
        url = build.project.getProperties().getProperty("echo.control.url");
        token = build.project.getProperties().getProperty("echo.control.token");
    }

    private StartMojo execution(String id, Server... servers) {
        StartMojo start = build.start();
        MojoExecution execution = new MojoExecution(start.execution.getMojoDescriptor(), id);
        execution.setConfiguration(start.execution.getConfiguration());
        start.execution = execution;
        start.servers = List.of(servers);
        return start;
    }

    private void startServers(String execution, Server... servers) throws Exception {
        execution(execution, servers).execute();
    }

    private static Server server(String id) {
        Server server = new Server();
        server.id = id;
        return server;
    }

    /** Returns the status and the body. */
    private String answer(String path) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url).resolve(path).toURL().openConnection();
        connection.setRequestProperty("Authorization", "Bearer " + token);
        connection.setConnectTimeout(10_000);
        connection.setReadTimeout(30_000);
        int status = connection.getResponseCode();
        try (var in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return status + " " + new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }
}
