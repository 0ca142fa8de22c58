package org.echoharness.maven;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.util.List;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.junit.jupiter.api.Test;

/** Servers with a script, and builds in which a client did something else. */
class ScriptsTest extends BuildFixture {

    private static final String PING = "\n  expect line 'PING'\n  send 'PONG\n'\n";
    private static final String UNMET = "connection 1, step 1 of 2: expected line \"PING\", seen \"PNIG\\n\"";

    /** Returns when the server has reset the connection. */
    private static void sendsWrong(int port) throws IOException {
        try (Socket socket = Build.connect(port)) {
            socket.getOutputStream().write("PNIG\n".getBytes(US_ASCII));
            assertThatThrownBy(() -> socket.getInputStream().read()).hasMessageContaining("reset");
        }
    }

    private StartMojo start(String script) throws Exception {
        StartMojo start = build.start();
        start.script = script;
        start.execute();
        return start;
    }

    @Test
    void stopFailsBuildIfScriptWasNotMet() throws Exception {
        start(PING);
        int port = build.port("default");
        assertThat(Build.answer(port, "PING\n")).isEqualTo("PONG\n");
        build.stop().execute();
        assertThat(build.result.getExceptions()).isEmpty();

        start(PING);
        port = build.port("default");
        sendsWrong(port);
        sendsWrong(port);
        build.stop().execute();

        assertThat(build.result.getExceptions())
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .isInstanceOf(MojoFailureException.class)
                        .hasMessage("server default of org.example:project: the script was not met: " + UNMET
                                + " (and 1 more); correct the client or the script, or set checkScript to false"));
        assertThat(build.log.seen()).contains("WARN server default: " + UNMET, "INFO server default stopped");
    }

    @Test
    void stopFailsBuildIfHeaderWasWrong() throws Exception {
        StartMojo start = build.start();
        start.proxyProtocol = "v1";
        start.execute();
        int port = build.port("default");
        assertThat(Build.answer(port, "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nhello"))
                .isEqualTo("hello");
        sendsWrong(port);
        build.stop().execute();

        String problem = "connection 2, PROXY header: expected a PROXY header of version 1, seen \"PNIG\\n\"";
        assertThat(build.result.getExceptions())
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .isInstanceOf(MojoFailureException.class)
                        .hasMessage("server default of org.example:project: a header was wrong: " + problem
                                + "; correct the client or proxyProtocol, or set checkScript to false"));
        assertThat(build.log.seen()).contains("WARN server default: " + problem, "INFO server default stopped");
    }

    @Test
    void stopChecksNoScriptIfTurnedOff() throws Exception {
        start(PING);
        sendsWrong(build.port("default"));
        StopMojo stop = build.stop();
        stop.checkScript = "no";
        assertThatThrownBy(stop::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("no server stopped (execution stop-it): checkScript (no) must be true or false");
        stop.checkScript = "false";
        stop.execute();
        assertThat(build.result.getExceptions()).isEmpty();
        assertThat(build.log.seen()).contains("WARN server default: " + UNMET);
    }

    @Test
    void earlyEndAfterFaultFailsNoBuild() throws Exception {
        StartMojo start = build.start();
        start.script = PING;
        start.faults = "close at accept";
        start.execute();
        try (Socket socket = Build.connect(build.port("default"))) {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        build.stop().execute();
        assertThat(build.result.getExceptions()).isEmpty();
    }

    @Test
    void endOfBuildChecksScript() throws Exception {
        start(PING);
        sendsWrong(build.port("default"));
        build.request.getExecutionListener().projectFailed(CloseAtEndTest.eventOf(build.project));
        assertThat(build.result.getExceptions()).isEmpty();

        start(PING);
        sendsWrong(build.port("default"));
        build.request.getExecutionListener().sessionEnded(CloseAtEndTest.eventOf(build.project));
        assertThat(build.result.getExceptions())
                .singleElement()
                .asString()
                .contains("server default of org.example:project: the script was not met: " + UNMET);

        Build off = new Build(directory.resolve("off"));
        off.project.getProperties().setProperty("echo.checkScript", "false");
        StartMojo start = off.start();
        start.script = PING;
        start.execute();
        sendsWrong(off.port("default"));
        off.request.getExecutionListener().sessionEnded(CloseAtEndTest.eventOf(off.project));
        assertThat(off.result.getExceptions()).isEmpty();
    }

    @Test
    void runFailsIfScriptWasNotMet() throws Exception {
        RunMojo run = build.run("127.0.0.1:0");
        run.script = PING;
        RunningGoal running = RunningGoal.start(run::execute);
        sendsWrong(Integer.parseInt(build.log.await("INFO starting up on 127.0.0.1 port ")));
        build.log.await("WARN " + UNMET);
        running.interrupt();
        assertThatThrownBy(running::await)
                .cause()
                .isInstanceOf(MojoFailureException.class)
                .hasMessage("the script was not met: " + UNMET + " (execution run-it)");
    }

    @Test
    void findsScriptFileInProject() throws Exception {
        build.project.setFile(directory.resolve("pom.xml").toFile());
        Files.writeString(
                Files.createDirectories(directory.resolve("src")).resolve("ping.echo"),
                "expect line 'PING' # no more\nsend file 'answer'");
        Files.writeString(directory.resolve("src").resolve("answer"), "from a file\n");
        StartMojo start = build.start();
        start.scriptFile = "src/ping.echo";
        start.execute();
        assertThat(Build.answer(build.port("default"), "PING\n")).isEqualTo("from a file\n");
    }

    @Test
    void serverReplacesScriptOfGoal() throws Exception {
        build.project.setFile(directory.resolve("pom.xml").toFile());
        Files.writeString(directory.resolve("own.echo"), "send 'own'");
        Server file = new Server();
        file.id = "file";
        file.scriptFile = " own.echo ";
        Server echo = new Server();
        echo.id = "echo";
        echo.script = "none";
        Server same = new Server();
        same.id = "same";
        StartMojo start = build.start();
        start.script = "send 'all'";
        start.servers = List.of(file, echo, same);
        start.execute();
        assertThat(Build.answer(build.port("file"), "")).isEqualTo("own");
        assertThat(Build.answer(build.port("echo"), "hello")).isEqualTo("hello");
        assertThat(Build.answer(build.port("same"), "")).isEqualTo("all");
    }

    @Test
    void refusesWrongScriptAtStart() {
        StartMojo start = build.start();
        start.script = "echo";
        start.scriptFile = "absent.echo";
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution start-it): script and scriptFile are both given;"
                        + " leave one out");
        start.script = "none";
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageStartingWith(
                        "server default did not start (execution start-it): scriptFile (absent.echo) is")
                .hasMessageEndingWith("absent.echo) nor on the class path");
        start.scriptFile = "none";
        start.script = "\n  expect line 'PING'\n  sedn 'PONG'\n";
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageContaining("script: \"sedn\" at line 3, column 3: expected a step");
        assertThat(build.log.seen()).isEmpty();
    }
}
