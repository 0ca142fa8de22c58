package org.echoharness.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code mvn} in the foreground, and Ctrl-C. */
@Timeout(300)
class SignalsIT {

    private static final String ECHO = "org.echoharness:echo-maven-plugin:" + System.getProperty("project.version");

    @TempDir
    private Path folder;

    @BeforeEach
    void signalsAreThere() throws Exception {
        assumeTrue(ForkedProcess.works(List.of("kill", "-l")), "no kill here");
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143", "HUP, 129"})
    void signalEndsBuildAndFreesAddresses(String signal, int code) throws Exception {
        Path project = Projects.copy("one", folder);
        try (ServerSocket mute = new ServerSocket(0, 1, Projects.loopback());
                ForkedProcess maven = MavenProcess.mvn(
                        project,
                        "verify",
                        "-Dwitness=127.0.0.1:" + mute.getLocalPort(),
                        "-D" + Projects.addresses(folder))) {
            mute.setSoTimeout(60_000);
            String log = maven.lines().awaitText("control at .*");
            List<Integer> ports = Projects.ports(log);
            assertThat(ports).hasSize(2);
            int port = ports.get(0);
            List<Path> files = Projects.files(log);
            try (Socket client = mute.accept()) {
                Projects.assertEchoes(port);
                for (Path file : files) {
                    Projects.assertEchoes(file);
                }

                maven.signal(signal);

                assertThat(maven.awaitExit()).isEqualTo(code);
                for (int each : ports) {
                    Projects.assertFree(each);
                }
                Projects.assertGone(files, folder);
                assertThat(client.isConnected()).isTrue();
                assertThat(maven.lines().text()).doesNotContain("NoClassDefFoundError", "Exception in thread");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143", "HUP, 129"})
    void foregroundServerPrintsAndRecordsConversation(String signal, int code) throws Exception {
        try (ForkedProcess maven =
                MavenProcess.mvn(folder, ECHO + ":run", "-D" + Projects.addresses(folder), "-Decho.record")) {
            String start = maven.lines()
                    .awaitText("starting up on 127\\.0\\.0\\.1 port \\d+\n(.*starting up on unix:.*\n){2}"
                            + "\\[INFO] waiting for a connection\n");
            int port = Integer.parseInt(start.replaceFirst("(?s).* port (\\d+)\n.*", "$1"));
            List<Path> files = Projects.files(start);
            try (Socket socket = Projects.connect(port)) {
                socket.getOutputStream().write(42);
                assertThat(socket.getInputStream().read()).isEqualTo(42);
                String peer = "127\\.0\\.0\\.1:" + socket.getLocalPort();
                maven.lines()
                        .awaitText("connection from " + peer + "\n\\[INFO] received 1 byte \"\\*\" from " + peer
                                + "\n\\[INFO] sending 1 byte back to " + peer + "\n");

                maven.signal(signal);

                assertThat(maven.awaitExit()).isEqualTo(code);
            }
            Projects.assertFree(port);
            Projects.assertGone(files, folder);
            Path recording = folder.resolve("target/echo/default");
            assertThat(recording.resolve("transcript.txt")).content().contains("received 1 byte \"*\"");
            assertThat(recording.resolve("conversation.html")).isNotEmptyFile();
            assertThat(recording.resolve("conversation.pcapng")).isNotEmptyFile();
            assertThat(maven.lines().text())
                    .contains("the recording is in " + recording.toRealPath())
                    .doesNotContain("NoClassDefFoundError", "Exception in thread");
        }
    }

    @Test
    void foregroundServerReplacesFilesOfKilledOne() throws Exception {
        Path file = folder.resolve("s");
        Path certificate = folder.resolve("echo.pem");
        List<String> certificates = new ArrayList<>();
        for (String signal : List.of("KILL", "TERM")) {
            try (ForkedProcess maven = MavenProcess.mvn(
                    folder,
                    ECHO + ":run",
                    "-Decho.addresses=unix:" + file,
                    "-Decho.tls=self-signed",
                    "-Decho.certificateFile=" + certificate)) {
                maven.lines().awaitText("starting up on unix:.*\n");
                Projects.assertEchoes(file, certificate);
                certificates.add(Files.readString(certificate));
                maven.signal(signal);
                maven.awaitExit();
            }
            assertThat(Files.exists(file)).as(signal).isEqualTo(signal.equals("KILL"));
        }
        assertThat(certificates).doesNotHaveDuplicates();
    }

    @Test
    void buildRunsAfterKilledBuild() throws Exception {
        Path project = Projects.copy("one", folder);
        String addresses = "-Decho.addresses=unix:" + folder.resolve("s");
        try (ServerSocket mute = new ServerSocket(0, 1, Projects.loopback())) {
            try (ForkedProcess maven =
                    MavenProcess.mvn(project, "verify", "-Dwitness=127.0.0.1:" + mute.getLocalPort(), addresses)) {
                maven.lines().awaitText("connecting to 127\\.0\\.0\\.1 port " + mute.getLocalPort());
                maven.signal("KILL");
                assertThat(maven.awaitExit()).isEqualTo(137);
            }
        }
        assertThat(project.resolve("target/echo/servers.properties")).exists();
        assertThat(folder.resolve("s")).exists();
        try (ForkedProcess maven = MavenProcess.mvn(project, "verify", addresses)) {
            assertThat(maven.awaitExit()).as(maven.lines().text()).isZero();
        }
        assertThat(project.resolve("target/echo/servers.properties")).doesNotExist();
        assertThat(folder.resolve("s")).doesNotExist();
    }
}
