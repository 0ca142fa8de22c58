package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.script.Framings;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command line as a process of its own, with peers from this project and others. */
class ProcessTest {

    private static final String CLASS_OF_TLS =
            ".* (org\\.echoharness\\.(tls\\.|\\w*Tls)|javax\\.net\\.ssl\\.)\\S+ source: .*";

    private static final String MESSAGE = "This is the message.  It will be repeated.";

    /** Waits for the server to listen; returns its port. */
    private static int port(ForkedProcess server) throws InterruptedException {
        return Integer.parseInt(
                server.lines().await("starting up on .* port .*").replaceFirst(".* port (\\d+).*", "$1"));
    }

    @Test
    void printsConversationOfTutorial() throws Exception {
        try (ForkedProcess server = EchoProcess.start("server", "localhost:0", "--buffer-size", "16")) {
            int port = port(server);
            try (ForkedProcess client = EchoProcess.start("client", "localhost:" + port, "--buffer-size", "16")) {
                assertThat(client.awaitExit()).isZero();
                assertThat(client.lines().seen())
                        .startsWith("connecting to localhost port " + port, "sending 42 bytes \"" + MESSAGE + "\"")
                        .endsWith("closing socket");
            }
            server.lines().await("no data from .*");
            server.lines().await("waiting for a connection", 2);
            assertThat(server.lines().seen())
                    .filteredOn(line -> !line.startsWith("starting up on ")) // one for each address of localhost
                    .element(1)
                    .asString()
                    .startsWith("connection from ");
            assertThat(server.lines().seen())
                    .filteredOn(line -> line.startsWith("received"))
                    .extracting(line -> line.replaceFirst(" from .*", ""))
                    .containsExactly(
                            "received 16 bytes \"This is the mess\"",
                            "received 16 bytes \"age.  It will be\"",
                            "received 10 bytes \" repeated.\"");
        }
    }

    @Test
    void wildcardServerReportsBoundAddress() throws Exception {
        PlainSockets.assumeIpv6();
        try (ForkedProcess server = EchoProcess.start("server", "*:0", "127.0.0.1:0", "--quiet")) {
            server.lines().await("starting up on 127.0.0.1 port \\d+");
            assertThat(server.lines().seen())
                    .anyMatch(line -> line.matches("starting up on :: port \\d+ \\(every interface, IPv4 and IPv6\\)"))
                    .anyMatch(line -> line.matches("echo: listening on \\[::]:\\d+: other machines may connect"));
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void signalEndsServerAndWritesRecording(@TempDir Path folder) throws Exception {
        Path records = folder.resolve("to be made");
        try (ForkedProcess server = EchoProcess.start("server", "127.0.0.1:0", "--record", records.toString())) {
            try (Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port(server)))) {
                PlainSockets.echoes(socket, "hello");
                server.signal("TERM");
                assertThat(server.awaitExit()).isEqualTo(143);
            }
        }
        assertThat(filesOfRecording(records)).containsExactlyInAnyOrderElementsOf(RecordingFiles.names());
        assertThat(onlyFolder(records).resolve("transcript.txt"))
                .content()
                .contains("received 5 bytes \"hello\"", "ended by SERVER RST (the server closes)");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void signalEndsClientAndWritesRecording(@TempDir Path folder) throws Exception {
        try (EchoServer server =
                        EchoServer.builder().recording().faults("discard").start();
                ForkedProcess client = EchoProcess.start(
                        "client",
                        "127.0.0.1:" + server.port(),
                        "--read-timeout",
                        "1h",
                        "--record",
                        folder.toString())) {
            server.recording()
                    .awaitConnections(1, Duration.ofSeconds(60))
                    .get(0)
                    .awaitReceived(EchoClient.DEFAULT_MESSAGE.getBytes(StandardCharsets.ISO_8859_1));
            client.signal("TERM");
            assertThat(client.awaitExit()).isEqualTo(143);
        }
        assertThat(filesOfRecording(folder)).containsExactlyInAnyOrderElementsOf(RecordingFiles.names());
    }

    private static List<String> filesOfRecording(Path records) throws IOException {
        try (var files = Files.list(onlyFolder(records))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    /** The folder that a command has made for its recording. */
    static Path onlyFolder(Path records) throws IOException {
        try (var folders = Files.list(records)) {
            List<Path> all = folders.toList();
            assertThat(all)
                    .singleElement()
                    .satisfies(folder ->
                            assertThat(folder.getFileName().toString()).matches("echo-\\d+"));
            return all.get(0);
        }
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130", "HUP, 129", "KILL, 137"})
    @DisabledOnOs(OS.WINDOWS)
    void signalResetsConnectionsAndFreesPort(String signal, int code) throws Exception {
        List<String> command = new ArrayList<>(ForkedProcess.withDefaultSignals());
        command.addAll(EchoProcess.command(List.of(), "server", "127.0.0.1:0"));
        try (ForkedProcess server = new ForkedProcess(command)) {
            int port = port(server);
            try (Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                PlainSockets.echoes(socket, "x");
                server.signal(signal);
                org.assertj.core.api.Assertions.assertThatThrownBy(
                                () -> socket.getInputStream().read())
                        .hasMessageContaining("Connection reset");
            }
            assertThat(server.awaitExit()).isEqualTo(code);
            EchoServer.builder().addresses("127.0.0.1:" + port).start().close();
        }
    }

    @Test
    void echoesToPythonClient() throws Exception {
        assumePython();
        String script = """
                import socket, sys
                s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=30)
                data = bytes(range(256)) * 4096
                s.sendall(b'hello')
                got = b''
                while len(got) < 5:
                    got += s.recv(16)
                s.setblocking(True)
                s.settimeout(30)
                import threading
                t = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
                t.start()
                back = b''
                while True:
                    chunk = s.recv(65536)
                    if not chunk:
                        break
                    back += chunk
                t.join()
                print('same' if got == b'hello' and back == data else 'different')
                """;
        try (ForkedProcess server = EchoProcess.start("server", "127.0.0.1:0", "--quiet");
                ForkedProcess python =
                        new ForkedProcess(List.of("python3", "-c", script, Integer.toString(port(server))))) {
            assertThat(python.awaitExit()).isZero();
            assertThat(python.lines().seen()).containsExactly("same");
        }
    }

    @Test
    void clientAcceptsEchoInPieces() throws Exception {
        assumePython();
        String script = """
                import socket
                l = socket.create_server(('127.0.0.1', 0))
                l.settimeout(30)
                print(l.getsockname()[1], flush=True)
                c, _ = l.accept()
                c.settimeout(30)
                while True:
                    data = c.recv(16)
                    if not data:
                        break
                    c.sendall(data)
                print('closed', flush=True)
                """;
        try (ForkedProcess python = new ForkedProcess(List.of("python3", "-c", script))) {
            String port = python.lines().await("\\d+");
            try (ForkedProcess client = EchoProcess.start("client", "127.0.0.1:" + port, "--buffer-size", "16")) {
                assertThat(client.awaitExit()).isZero();
                assertThat(client.lines().seen())
                        .filteredOn(line -> line.startsWith("received"))
                        .extracting(line -> line.replaceAll(".* bytes? \"(.*)\"", "$1"))
                        .satisfies(chunks -> assertThat(String.join("", chunks)).isEqualTo(MESSAGE));
                assertThat(client.lines().seen()).endsWith("closing socket");
            }
            python.lines().await("closed");
        }
    }

    private static void assumePython() throws InterruptedException {
        try (ForkedProcess python = new ForkedProcess(List.of("python3", "--version"))) {
            python.awaitExit();
        } catch (IOException e) {
            Assumptions.abort("no python3 here: " + e.getMessage());
        }
    }

    @Test
    void clientTriesEachAddressOfName(@TempDir Path folder) throws Exception {
        PlainSockets.assumeIpv6();
        Path hosts = Files.writeString(folder.resolve("hosts"), "::1 peer\n127.0.0.1 peer\n");
        List<String> options = List.of("-Djdk.net.hosts.file=" + hosts, "-Djava.net.preferIPv6Addresses=true");
        try (EchoServer server = EchoServer.builder().start();
                ForkedProcess client = new ForkedProcess(
                        EchoProcess.command(options, "client", "peer:" + server.port(), "--verbose"))) {
            assertThat(client.awaitExit()).isZero();
            assertThat(client.lines().seen())
                    .contains("candidate [::1]:" + server.port() + " failed: Connection refused", "family:   AF_INET");
        }
        int dead;
        try (EchoServer gone = EchoServer.builder().start()) {
            dead = gone.port();
        }
        try (ForkedProcess client = new ForkedProcess(EchoProcess.command(options, "client", "peer:" + dead))) {
            assertThat(client.awaitExit()).isEqualTo(1);
            assertThat(client.lines().seen())
                    .endsWith("echo: cannot connect to peer:" + dead + "; tried [::1]:" + dead
                            + " (Connection refused), 127.0.0.1:" + dead
                            + " (Connection refused); is a server listening there?");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void resumesAcceptWhenDescriptorsAreFree() throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 40; exec \"$@\"", "sh"));
        command.addAll(EchoProcess.command(List.of(), "server", "127.0.0.1:0", "--quiet"));
        List<Socket> clients = new ArrayList<>();
        try (ForkedProcess server = new ForkedProcess(command)) {
            int port = port(server);
            long start = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                clients.add(PlainSockets.connect(PlainSockets.at("127.0.0.1", port)));
            }
            server.lines()
                    .await(
                            "echo: cannot accept connections at 127.0.0.1:" + port
                                    + ", trying again every 100ms: Too many open files",
                            2);
            assertThat(System.nanoTime() - start)
                    .as("one line a second at the most")
                    .isGreaterThan(1_000_000_000L);
            PlainSockets.echoes(clients.get(0), "an old connection goes on");
            for (Socket client : clients) {
                client.close();
            }
            try (Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                PlainSockets.echoes(socket, "and a new one is served");
            }
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void reportsMismatchWithoutDescriptors() throws Exception {
        reportsWithoutDescriptors(
                EchoProcess.command(
                        List.of(),
                        "server",
                        "127.0.0.1:0",
                        "--quiet",
                        "--script",
                        "answer { line \"A\" -> send \"B\" }"),
                "echo: connection 1, step 1 of 1: expected line \"A\", seen \"X\\\\n\"");
    }

    /** Has a handler, or a function for lines, that throws. */
    static final class FailingCode {
        private FailingCode() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) throws Exception {
            EchoServer.Builder server = EchoServer.builder().warnings(System.out::println);
            if (args[0].equals("handler")) {
                server.handler(() -> (connection, bytes) -> fails());
            } else {
                server.respond(Framings.lines(), line -> fails());
            }
            System.out.println("starting up on 127.0.0.1 port " + server.start().port());
            Thread.currentThread().join();
        }

        private static String fails() {
            throw new UnsupportedOperationException("of a test");
        }
    }

    @ParameterizedTest
    @EnabledOnOs(OS.LINUX)
    @CsvSource({"handler, received\\(\\): the handler", "respond, message 1: the function of respond"})
    void reportsFailureWithoutDescriptors(String kind, String where) throws Exception {
        reportsWithoutDescriptors(
                EchoProcess.program(List.of(), FailingCode.class, kind),
                "connection 1, " + where
                        + " failed: java.lang.UnsupportedOperationException: of a test, at org.echoharness.ProcessTest.*");
    }

    /** A class that is not loaded yet cannot be read then. */
    private static void reportsWithoutDescriptors(List<String> program, String report) throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 40; exec \"$@\"", "sh"));
        command.addAll(program);
        List<Socket> clients = new ArrayList<>();
        try (ForkedProcess server = new ForkedProcess(command)) {
            int port = port(server);
            for (int i = 0; i < 60; i++) {
                clients.add(PlainSockets.connect(PlainSockets.at("127.0.0.1", port)));
            }
            server.lines().await(".*cannot accept connections .*: Too many open files");
            clients.get(0).getOutputStream().write("X\n".getBytes(StandardCharsets.US_ASCII));
            server.lines().await(report);
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    /** Closes the server when a line comes. */
    static final class Closes {
        private Closes() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) throws Exception {
            EchoServer server =
                    EchoServer.builder().warnings(System.out::println).start();
            System.out.println("starting up on 127.0.0.1 port " + server.port());
            if (System.in.read() >= 0) {
                boolean before = server.awaitClose(Duration.ZERO);
                server.close();
                System.out.println("closed: " + before + ", " + server.awaitClose(Duration.ZERO));
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void closesWithoutDescriptors() throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 40; exec \"$@\"", "sh"));
        command.addAll(EchoProcess.program(List.of(), Closes.class));
        List<Socket> clients = new ArrayList<>();
        try (ForkedProcess server = new ForkedProcess(command)) {
            int port = port(server);
            for (int i = 0; i < 60; i++) {
                clients.add(PlainSockets.connect(PlainSockets.at("127.0.0.1", port)));
            }
            server.lines().await(".*cannot accept connections .*: Too many open files");
            server.send("close");
            server.lines().await("closed: false, true");
            assertThat(server.awaitExit()).isZero();
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    /**
     * A relay takes two descriptors for a connection. If their number is odd, it accepts a client with the last one, and has
     * none for the server behind.
     */
    @Test
    @EnabledOnOs(OS.LINUX)
    void relayGoesOnAfterDescriptorsWereMissing() throws Exception {
        List<String> failures = new ArrayList<>();
        for (int limit : new int[] {40, 41}) {
            List<Socket> clients = new ArrayList<>();
            List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n " + limit + "; exec \"$@\"", "sh"));
            try (EchoServer behind = EchoServer.builder().start()) {
                command.addAll(EchoProcess.program(List.of(), Relays.class, "127.0.0.1:" + behind.port()));
                try (ForkedProcess server = new ForkedProcess(command)) {
                    int port = port(server);
                    for (int i = 0; i < 60; i++) {
                        clients.add(new Socket());
                        clients.get(i).connect(PlainSockets.at("127.0.0.1", port));
                    }
                    server.lines().await(".*Too many open files.*");
                    for (Socket client : clients) {
                        client.close();
                    }
                    server.lines().await("connection 61 .*");
                    failures.addAll(server.lines().matching("connection \\d+ SERVER RST \\(cannot connect to .*"));
                    try (Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port))) {
                        PlainSockets.echoes(socket, "relayed again");
                    }
                }
            } finally {
                for (Socket client : clients) {
                    client.close();
                }
            }
        }
        assertThat(failures).isNotEmpty().allMatch(line -> line.contains("(Too many open files)"));
    }

    /** Relays, and prints how each connection ends. */
    static final class Relays {
        private Relays() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) throws Exception {
            EchoServer server = EchoServer.builder()
                    .upstream(args[0])
                    .warnings(System.out::println)
                    .recording(0, 1_000)
                    .start();
            try (EchoClient warm = EchoClient.connect(server.address())) { // loads the classes that this program needs
                warm.expectEcho(new byte[1]);
            }
            RecordedConnection first =
                    server.recording().awaitConnections(1).get(0).awaitEnd();
            System.out.println("connection 1 " + first.ending().orElseThrow());
            System.out.println("starting up on 127.0.0.1 port " + server.port());
            for (int i = 2; true; i++) {
                RecordedConnection connection = server.recording()
                        .awaitConnections(i, Duration.ofHours(1))
                        .get(i - 1);
                Ending ending =
                        connection.awaitEnd(Duration.ofHours(1)).ending().orElseThrow();
                System.out.println("connection " + i + " " + ending);
            }
        }
    }

    /** What is not used costs nothing: reading a class takes up to a millisecond. */
    @Test
    void echoLoadsNoClassOfWhatIsNotUsed() throws Exception {
        List<String> command = EchoProcess.command(
                List.of("-verbose:class"), "server", "127.0.0.1:0", "--faults", "delay 1ms, fragment 2");
        try (ForkedProcess server = new ForkedProcess(command);
                Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port(server)))) {
            PlainSockets.echoes(socket, "hello");
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);

            assertThat(server.lines().matching(".*org\\.echoharness\\.\\S+ source: .*"))
                    .anyMatch(line -> line.contains("EchoPump"))
                    .noneMatch(
                            line -> line.matches(
                                    ".*org\\.echoharness\\.(script\\.|proxy\\.|.*\\$Proxied|replay\\.|relay\\.|Relay|dialogue\\.|Script|json\\.|control\\.|Control|remote\\.|Remote|Dialogue|ConnectionCalls|tls\\.|.*Tls|.*Unix).*"));
            assertThat(server.lines().matching(".* (javax\\.net\\.ssl|java\\.time\\.format)\\.\\S+ source: .*"))
                    .isEmpty();
        }
    }

    /** Neither end of a connection without TLS loads a class of it, of this project or of the JDK. */
    @Test
    void plainClientLoadsNoClassOfTls() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            for (String tls : List.of("none", "insecure")) {
                List<String> command = EchoProcess.command(
                        List.of("-verbose:class"), "client", "127.0.0.1:" + server.port(), "--tls", tls);
                try (ForkedProcess client = new ForkedProcess(command)) {
                    assertThat(client.awaitExit()).isEqualTo(tls.equals("none") ? 0 : 1);
                    assertThat(client.lines().matching(CLASS_OF_TLS).isEmpty()).isEqualTo(tls.equals("none"));
                }
            }
        }
    }

    @Test
    void plainRelayLoadsNoClassOfTls() throws Exception {
        try (EchoServer behind = EchoServer.builder().start()) {
            List<String> command = EchoProcess.command(
                    List.of("-verbose:class"), "server", "127.0.0.1:0", "--upstream", "127.0.0.1:" + behind.port());
            try (ForkedProcess relay = new ForkedProcess(command);
                    Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port(relay)))) {
                PlainSockets.echoes(socket, "hello");
                PlainSockets.finish(socket);

                assertThat(relay.lines().matching(".* org\\.echoharness\\.relay\\.\\S+ source: .*"))
                        .isNotEmpty();
                assertThat(relay.lines().matching(CLASS_OF_TLS)).isEmpty();
            }
        }
    }

    /** A JVM with this module alone, as a small image may have. */
    @Test
    void controlWithoutModuleIsRefused() throws Exception {
        List<String> options = List.of("--limit-modules", "java.base");
        try (ForkedProcess server =
                new ForkedProcess(EchoProcess.command(options, "server", "127.0.0.1:0", "--control", "127.0.0.1:0"))) {
            assertThat(server.awaitExit()).isEqualTo(2);
            assertThat(server.lines().seen())
                    .containsExactly("echo: control (127.0.0.1:0) needs the module jdk.httpserver, which this JVM does"
                            + " not have; run java with --add-modules jdk.httpserver, or leave control out (none)");
        }
        try (ForkedProcess server = new ForkedProcess(EchoProcess.command(options, "server", "127.0.0.1:0"));
                Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port(server)))) {
            PlainSockets.echoes(socket, "it needs no other module");
        }
    }

    /** The interface has threads of its own, which do not keep the process, and no file is read that it needs later. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void signalEndsServerWithControl() throws Exception {
        try (ForkedProcess server = EchoProcess.start("server", "127.0.0.1:0", "--quiet", "--control", "127.0.0.1:0")) {
            String line = server.lines().await("control at .*");
            HttpPeer peer = new HttpPeer(
                    java.net.URI.create(line.replaceFirst("control at (.*)#.*", "$1")),
                    line.replaceFirst(".*#token=", ""));
            try (HttpPeer.Events events = new HttpPeer.Events(peer, "/servers/default/events")) {
                events.await("state");
                server.signal("TERM");
                assertThat(events.await("server").json()).containsEntry("state", "closed");
                assertThat(server.awaitExit()).isEqualTo(143);
            }
        }
    }

    @Test
    void escapesPayloadOnTerminal() throws Exception {
        try (ForkedProcess server = EchoProcess.start("server", "127.0.0.1:0");
                Socket socket = PlainSockets.connect(PlainSockets.at("127.0.0.1", port(server)))) {
            socket.getOutputStream().write("\u001b]0;owned\u0007\r\n".getBytes(StandardCharsets.UTF_8));

            assertThat(server.lines().await("received .*"))
                    .startsWith("received 12 bytes \"\\x1b]0;owned\\x07\\r\\n\" from ");
        }
    }

    /** A resolver that does not answer: its file of hosts is a pipe to which no process writes. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void timeoutLimitsNameResolution(@TempDir Path folder) throws Exception {
        Path pipe = folder.resolve("hosts");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        List<String> options = List.of("-Djdk.net.hosts.file=" + pipe);
        try (ForkedProcess client = new ForkedProcess(EchoProcess.command(
                options, "client", "peer:1", "--quiet", "--timeout", "300ms", "--connect-timeout", "10m"))) {
            assertThat(client.awaitExit()).isEqualTo(1);
            assertThat(client.lines().seen())
                    .containsExactly("echo: cannot connect to peer:1: the name is not resolved yet; check the resolver,"
                            + " or write an address; tried for 300ms (timeout)");
        }
    }
}
