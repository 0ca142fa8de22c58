package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.util.List;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;

/** Servers that relay to another one. */
class RelaysTest extends BuildFixture {

    private static Server server(String id) {
        Server server = new Server();
        server.id = id;
        return server;
    }

    @Test
    void relaysToServerStartedBefore() throws Exception {
        StartMojo real = build.start();
        real.id = "real";
        real.faults = "greet \"real \"";
        real.execute();
        StartMojo relay = build.start();
        relay.id = "relay";
        relay.upstream = build.project.getProperties().getProperty("echo.server.real.address");
        relay.faults = "greet \"relay \"";
        relay.execute();
        assertThat(Build.answer(build.port("relay"), "hello")).isEqualTo("relay real hello");
        build.stop().execute();
        assertThat(build.log.seen()).contains("INFO server real stopped", "INFO server relay stopped");
    }

    @Test
    void pathOfUpstreamBeginsAtProject() throws Exception {
        build.project.setFile(directory.resolve("pom.xml").toFile());
        StartMojo real = build.start("unix:real.sock");
        real.id = "real";
        real.faults = "greet \"real \"";
        real.execute();
        StartMojo relay = build.start();
        relay.id = "relay";
        relay.upstream = "unix:real.sock";
        relay.execute();
        assertThat(Build.answer(build.port("relay"), "hello")).isEqualTo("real hello");
        Server down = server("down");
        down.upstream = "unix:none.sock";
        down.upstreamFailure = "close";
        StartMojo other = build.start();
        other.servers = List.of(down);
        other.execute();
        assertThat(Build.answer(build.port("down"), "")).isEmpty();
        assertThat(build.log.await("WARN server down: connection 1: "))
                .startsWith("cannot connect to upstream unix:" + directory.resolve("none.sock") + "; tried unix:"
                        + directory.resolve("none.sock"));
    }

    @Test
    void logHasReasonIfUpstreamIsDown() throws Exception {
        int down = closedPort();
        StartMojo start = build.start();
        start.upstream = "127.0.0.1:" + down;
        start.upstreamFailure = "close";
        start.connectTimeout = "2s";
        start.execute();
        assertThat(Build.answer(build.port("default"), "")).isEmpty();
        assertThat(build.log.await("WARN server default: connection 1: "))
                .startsWith("cannot connect to upstream 127.0.0.1:" + down + "; tried");
    }

    private static int closedPort() throws IOException {
        try (EchoServer server = EchoServer.builder().start()) {
            return server.port();
        }
    }

    @Test
    void serverReplacesUpstreamOfGoal() throws Exception {
        StartMojo start = build.start();
        try (EchoServer real = EchoServer.builder().faults("greet \"real \"").start()) {
            start.upstream = "127.0.0.1:" + real.port();
            start.upstreamFailure = "close";
            Server same = server("same");
            Server other = server("other");
            other.upstream = "127.0.0.1:" + closedPort();
            Server resets = server("resets");
            resets.upstream = other.upstream;
            resets.upstreamFailure = "reset";
            Server speaks = server("speaks");
            speaks.script = "send 'own'";
            Server echo = server("echo");
            echo.upstream = "none";
            start.servers = List.of(same, other, resets, speaks, echo);
            start.execute();
            assertThat(Build.answer(build.port("same"), "hello")).isEqualTo("real hello");
            assertThat(Build.answer(build.port("other"), "")).isEmpty();
            assertThatThrownBy(() -> Build.answer(build.port("resets"), "hello"))
                    .isInstanceOf(SocketException.class);
            assertThat(Build.answer(build.port("speaks"), "")).isEqualTo("own");
            assertThat(Build.answer(build.port("echo"), "hello")).isEqualTo("hello");
        }
    }

    @Test
    void refusesOptionsThatDoNotGoTogether() {
        StartMojo start = build.start();
        start.upstream = "127.0.0.1:1";
        start.script = "echo";
        Build.assertRefused(start, "upstream and script are both given; leave one out");
        start.upstream = "none";
        start.script = "none";
        start.upstreamFailure = "close";
        Build.assertRefused(start, "upstreamFailure (close) is given without upstream; set upstream, or leave it out");
        start.upstreamFailure = "reset";
        start.upstream = "real";
        Build.assertRefused(start, "upstream (real) must have a port from 1 to 65535");
        start.upstream = "none";
        start.faults = "reset to server";
        Build.assertRefused(
                start,
                "faults (reset to server) are about bytes to a server behind this one, and there is none; set upstream, or"
                        + " leave out to server");
        assertThat(build.log.seen()).isEmpty();
    }

    @Test
    void runRelays() throws Exception {
        try (EchoServer real = EchoServer.builder().start()) {
            RunMojo run = build.run("127.0.0.1:0");
            run.upstream = "127.0.0.1:" + real.port();
            run.faults = "corrupt byte 1 to server";
            RunningGoal running = RunningGoal.start(run::execute);
            int port = Integer.parseInt(build.log.await("INFO starting up on 127.0.0.1 port "));
            assertThat(Build.answer(port, "hello")).isEqualTo("\uFFFDello");
            running.interrupt();
            assertThat(running.await()).isTrue();
        }
    }
}
