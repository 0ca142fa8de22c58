package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.echoharness.EchoMismatchException;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientMojoTest {

    private final LogLines log = new LogLines();

    private interface Manner {
        void treat(Socket socket, byte[] message) throws IOException;
    }

    @Test
    void printsConversationOfTutorial() throws Exception {
        try (EchoServer server = EchoServer.builder().bufferSize(16).start()) {
            ClientMojo client = client(server.port());
            client.bufferSize = "16";
            client.execute();
            assertThat(log.seen())
                    .startsWith(
                            "INFO connecting to 127.0.0.1 port " + server.port(),
                            "INFO sending 42 bytes \"This is the message.  It will be repeated.\"")
                    .endsWith(
                            "INFO closing socket",
                            "INFO 127.0.0.1:" + server.port()
                                    + " answered as expected: 1 round trip, 42 bytes sent, 42 received")
                    .hasSizeGreaterThanOrEqualTo(7);
        }
    }

    @Test
    void wrongEchoErrorNamesOffset() throws Exception {
        try (ServerSocket peer = peer((socket, message) -> {
            message[7] = '?';
            socket.getOutputStream().write(message);
        })) {
            assertThatThrownBy(client(peer.getLocalPort())::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasCauseInstanceOf(EchoMismatchException.class)
                    .hasMessageStartingWith("no echo from 127.0.0.1:" + peer.getLocalPort()
                            + " (execution client-it): the echo differs at offset 7: ");
        }
    }

    @Test
    void refusesShortEcho() throws Exception {
        try (ServerSocket peer =
                peer((socket, message) -> socket.getOutputStream().write(message, 0, 12))) {
            assertThatThrownBy(client(peer.getLocalPort())::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasMessageContaining("(execution client-it): 12 of 42 bytes echoed");
        }
    }

    @Test
    void refusesLateEcho() throws Exception {
        try (ServerSocket peer = peer((socket, message) -> {
            socket.getOutputStream().write(message, 0, 12);
            assertThat(socket.getInputStream().read()).as("the client gave up").isEqualTo(-1);
        })) {
            ClientMojo client = client(peer.getLocalPort());
            client.readTimeout = "50ms";
            assertThatThrownBy(client::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasCauseInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("(execution client-it): 12 of 42 bytes echoed")
                    .hasMessageEndingWith("then nothing for 50ms");
        }
    }

    @Test
    void reportsRefusedConnection() throws Exception {
        try (Socket bound = new Socket()) {
            bound.bind(Build.loopback(0)); // taken, and not listening
            assertThatThrownBy(client(bound.getLocalPort())::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasMessageStartingWith("no echo from 127.0.0.1:" + bound.getLocalPort()
                            + " (execution client-it): cannot connect to 127.0.0.1:" + bound.getLocalPort());
        }
    }

    @Test
    void acceptsExpectedAnswer() throws Exception {
        try (ServerSocket peer =
                peer((socket, message) -> socket.getOutputStream().write("pong".getBytes(StandardCharsets.US_ASCII)))) {
            ClientMojo client = client(peer.getLocalPort());
            client.expected = "pong";
            client.execute();
            client.expected = "pang";
            assertThatThrownBy(client::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasMessageContaining("offset 1");
        }
    }

    @Test
    void refusesBytesAfterEcho() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("duplicate 42").start()) {
            ClientMojo client = client(server.port());
            assertThatThrownBy(client::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasMessageContaining("42 bytes more than were sent: \"This is");
            client.connections = "2";
            client.repeat = "3"; // the same bytes again and again: the last round trip has some left over
            assertThatThrownBy(client::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasMessageContaining("42 bytes more than were sent: \"This is");
        }
    }

    @Test
    void refusesBytesAfterExpectedAnswer() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            ClientMojo client = client(server.port());
            client.expected = "This";
            assertThatThrownBy(client::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasMessageContaining("bytes more than were expected: \" is the");
        }
    }

    @Test
    void timeoutLimitsWholeRoundTrip() throws Exception {
        try (EchoServer server =
                EchoServer.builder().faults("fragment 1 every 100ms").start()) {
            ClientMojo client = client(server.port());
            client.timeout = "300ms";
            assertThatThrownBy(client::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasCauseInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("when timeout (300ms) was over");
        }
    }

    @Test
    void refusesUndecodableText() throws Exception {
        ClientMojo client = client(1);
        client.message = "gr\uFFFDn";
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageContaining("message (gr")
                .hasMessageContaining("LC_ALL=C.UTF-8");
        client.message = "?";
        client.expected = "gr\uFFFDn";
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageContaining("expected (gr");
    }

    @Test
    void streamsLargeFile(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(3 << 20);
        }
        assertThat(Message.of(file).isHeld()).isFalse();
        try (EchoServer server = EchoServer.builder().start()) {
            ClientMojo client = client(server.port());
            client.messageFile = file.toFile();
            client.repeat = "2";
            client.execute();
            assertThat(log.seen()).last().asString().endsWith("2 round trips, 6291456 bytes sent, 6291456 received");
        }
    }

    @Test
    void sendsMessageInUtf8OrFromFile(@TempDir Path directory) throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            ClientMojo client = client(server.port());
            client.message = "ä";
            client.execute();
            assertThat(log.seen()).contains("INFO sending 2 bytes \"ä\"");

            client.message = null;
            client.messageFile =
                    Files.write(directory.resolve("message"), new byte[] {0, 1}).toFile();
            client.execute();
            assertThat(log.seen()).contains("INFO sending 2 bytes \"\\x00\\x01\"");
        }
    }

    @Test
    void printsFirstRoundTripAndFigures() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            ClientMojo client = client(server.port());
            client.repeat = "100";
            client.connections = "3";
            client.execute();
            assertThat(log.seen())
                    .filteredOn(line -> line.contains(" bytes \""))
                    .hasSizeBetween(2, 43);
            assertThat(log.seen())
                    .filteredOn(line -> line.startsWith("INFO sending"))
                    .hasSize(1);
            assertThat(log.seen()
                            .subList(
                                    log.seen().indexOf("INFO closing socket") + 1,
                                    log.seen().size()))
                    .satisfiesExactly(
                            rate -> assertThat(rate).matches("INFO 300 round trips in \\d+\\.\\d{3} s: \\d+ a second"),
                            latency -> assertThat(latency)
                                    .matches(
                                            "INFO latency in ms: .+ \\(50%\\), .+ \\(90%\\), .+ \\(99%\\), .+ \\(99\\.9%\\),"
                                                    + " .+ \\(most\\)"),
                            summary -> assertThat(summary)
                                    .isEqualTo("INFO 127.0.0.1:" + server.port() + " answered as expected: 300 round"
                                            + " trips on 3 connections, 12600 bytes sent, 12600 received"));
            assertThat(server.counters().accepted()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "repeat, 0, repeat (0) must be at least 1",
        "repeat, often, 'repeat (often) must be a whole number of at least 1'",
        "connections, 0, connections (0) must be at least 1",
        "connections, 1001, connections (1001) must be at most 1000"
    })
    void refusesWrongNumberOfRoundTrips(String word, String value, String refusal) {
        ClientMojo client = client(1);
        client.repeat = word.equals("repeat") ? value : "1";
        client.connections = word.equals("connections") ? value : "1";
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("no client for 127.0.0.1:1 (execution client-it): " + refusal);
    }

    @Test
    void refusesMessageTogetherWithFile(@TempDir Path directory) {
        ClientMojo client = client(1);
        client.message = "text";
        client.messageFile = directory.resolve("message").toFile();
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageEndingWith("and message are both given; leave one out");
    }

    @Test
    void reportsUnreadableFileAsSetUpError(@TempDir Path directory) {
        ClientMojo client = client(1);
        client.messageFile = directory.resolve("message").toFile();
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageStartingWith("no client for 127.0.0.1:1 (execution client-it): messageFile (")
                .hasMessageEndingWith("message) cannot be read (No such file or directory); name a file that can");
        client.messageFile = directory.toFile();
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageEndingWith(") cannot be read (it is no regular file); name a file that can");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void refusesEndlessDevice() {
        ClientMojo client = client(1);
        client.messageFile = new File("/dev/zero");
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageEndingWith(
                        "messageFile (/dev/zero) cannot be read (it is no regular file); name a file that can");
    }

    @Test
    void refusesWrongOptionAsRuntimeDoes() {
        ClientMojo client = client(1);
        client.readTimeout = "5";
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessageStartingWith("no client for 127.0.0.1:1 (execution client-it): readTimeout (5) must be");
    }

    @ParameterizedTest
    @CsvSource({"${echo.server.up.address}, localhost:10000", "${echo.server.up.host}:1, ${echo.server.up.host}:1"})
    void namesUnsetProperty(String inThePom, String handedOut) {
        ClientMojo client = client(1);
        client.address = handedOut; // as Maven does
        Build.configure(client.execution, "address", inThePom);
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage(
                        "nothing sent (execution client-it): address (" + inThePom + ") names a property that is not"
                                + " set; if it is that of a server, put its start before this execution");
    }

    @Test
    void refusesEmptyMessage() {
        ClientMojo client = client(1);
        client.message = "";
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage(
                        "no client for 127.0.0.1:1 (execution client-it): message is empty, so that no echo would be"
                                + " checked; give it text, or leave it out");
    }

    @Test
    void speaksTls(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("root.pem");
        try (EchoServer server =
                EchoServer.builder().tls("self-signed").certificateFile(file).start()) {
            ClientMojo client = client(server.port());
            client.tls = file.toString();
            client.execute();
            assertThat(log.seen()).noneMatch(line -> line.startsWith("WARN"));
            client.tls = "insecure";
            client.execute();
            assertThat(log.seen())
                    .filteredOn(line -> line.startsWith("WARN"))
                    .singleElement()
                    .asString()
                    .startsWith("WARN tls (insecure) accepts any certificate");
            client.tls = "system";
            assertThatThrownBy(client::execute)
                    .isInstanceOf(MojoFailureException.class)
                    .hasMessageStartingWith("no echo from 127.0.0.1:" + server.port()
                            + " (execution client-it): cannot connect to 127.0.0.1:" + server.port()
                            + " with TLS: the certificate of the server is not trusted (");
            client.tls = "no-such.pem";
            assertThatThrownBy(client::execute)
                    .isInstanceOf(MojoExecutionException.class)
                    .hasMessageStartingWith(
                            "no client for 127.0.0.1:" + server.port() + " (execution client-it): tls (");
        }
    }

    @Test
    void usesPortOfTutorialByDefault() {
        ClientMojo client = client(1);
        client.address = "no-such-host.invalid";
        assertThatThrownBy(client::execute)
                .isInstanceOf(MojoFailureException.class)
                .hasMessageContaining("cannot connect to no-such-host.invalid:10000");
    }

    @Test
    void eachSkipSendsNothing() throws Exception {
        for (int flag = 0; flag < 2; flag++) {
            ClientMojo client = client(1);
            client.address = "localhost:10000"; // where start is skipped too
            Build.configure(client.execution, "address", "${echo.server.up.address}");
            client.skip = Boolean.toString(flag == 0);
            Build build = new Build(Path.of("."));
            build.request.getUserProperties().setProperty("skipITs", Boolean.toString(flag == 1));
            client.session = build.session();
            client.execute();
        }
        assertThat(log.seen())
                .containsExactly("INFO client skipped: echo.skip is set", "INFO client skipped: skipITs is set");
    }

    private ClientMojo client(int port) {
        ClientMojo client = new Build(Path.of(".")).prepared(new ClientMojo(), "client");
        client.setLog(log);
        client.skipWithTests = "true";
        client.address = "127.0.0.1:" + port;
        client.repeat = "1";
        client.connections = "1";
        client.bufferSize = "64KiB";
        client.connectTimeout = "5s";
        client.readTimeout = "5s";
        client.timeout = "none";
        client.tls = "none";
        return client;
    }

    /** Reads a message of 42 bytes from each connection and handles it; it ends when its socket is closed. */
    private static ServerSocket peer(Manner manner) throws IOException {
        ServerSocket listening = Build.listen(0);
        Thread thread = new Thread(() -> serve(listening, manner), "peer");
        thread.setDaemon(true);
        thread.start();
        return listening;
    }

    private static void serve(ServerSocket listening, Manner manner) {
        while (!listening.isClosed()) {
            try (Socket socket = listening.accept()) {
                socket.setSoTimeout(30_000);
                manner.treat(socket, socket.getInputStream().readNBytes(42));
            } catch (IOException ended) {
                // the next connection, if the test is not over
            }
        }
    }
}
