package org.echoharness.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.Peer;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordingFiles;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private InputStream in = InputStream.nullInputStream();

    private int run(String... args) {
        return new Main(in, new PrintStream(out, true), new PrintStream(err, true)).run(List.of(args));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void clientSpeaksTls(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("root.pem");
        try (EchoServer server =
                EchoServer.builder().tls("self-signed").certificateFile(file).start()) {
            String address = "localhost:" + server.port();
            assertThat(run("client", address, "--tls", file.toString())).isZero();
            assertThat(err()).isEmpty();
            assertThat(run("client", address, "--tls=insecure", "--quiet")).isZero();
            assertThat(err().lines())
                    .singleElement()
                    .asString()
                    .startsWith("echo: --tls (insecure) accepts any certificate, ");
            err.reset();
            assertThat(run("client", address, "--tls", "system")).isOne();
            assertThat(err())
                    .startsWith("echo: cannot connect to " + address + " with TLS: the certificate of the server is not"
                            + " trusted (");
            err.reset();
            assertThat(run("client", address, "--tls", folder.resolve("none").toString()))
                    .isEqualTo(2);
            assertThat(err()).startsWith("echo: --tls " + folder.resolve("none") + ": tls (");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|no command; write server or client, or try --help",
                "sever|\"sever\" is no command; did you mean server?",
                "klient|\"klient\" is no command; did you mean client?",
                "serve-echo|\"serve-echo\" is no command; write server or client, or try --help",
                "server --fault reset|--fault: there is no such option here; did you mean --faults?",
                "server --recrod x|--recrod: there is no such option here; did you mean --record?",
                "client --message-fiel x|--message-fiel: there is no such option here; did you mean --message-file?",
                "client --timeout=0s|--timeout 0s: timeout (0s) must be at least 1ms and at most 365 days",
                "client --message gr\uFFFDn|--message gr\\xef\\xbf\\xbdn: must be text without U+FFFD; it was not decoded:"
                        + " set a UTF-8 locale, such as LC_ALL=C.UTF-8, or take --message-file",
                "client --message=gr\uFFFDn|--message=gr\\xef\\xbf\\xbdn: must be text without U+FFFD; it was not"
                        + " decoded: set a UTF-8 locale, such as LC_ALL=C.UTF-8, or take --message-file",
                "server --record \uD800|--record ?: must be text without U+FFFD; it was not decoded: set a UTF-8 locale, such"
                        + " as LC_ALL=C.UTF-8",
                "server h\uFFFD:1|h\\xef\\xbf\\xbd:1: must be text without U+FFFD; it was not decoded: set a UTF-8 locale,"
                        + " such as LC_ALL=C.UTF-8",
                "client --message-file .|--message-file .: cannot be read (Is a directory); name a file that can",
                "server --buffer-size 0|--buffer-size 0: bufferSize (0) must be at least 1 byte",
                "server --buffer-size=16KB|--buffer-size 16KB: bufferSize (16KB) must be a size in bytes, such as 16, 16KiB"
                        + " or 1MiB",
                "server --idle-close 5|--idle-close 5: idleClose (5) must be a duration with its unit (ms, s, m or h),"
                        + " such as 50ms, 2s or 1m, of at most 365 days",
                "server --idle-timeout 5|--idle-timeout 5: idleTimeout (5) must be a duration with its unit (ms, s, m or h),"
                        + " such as 50ms, 2s or 1m, of at most 365 days",
                "server --max-connections 0|--max-connections 0: maxConnections (0) must be at least 1",
                "server --event-loops none|--event-loops none: eventLoops (none) must be a whole number of at least 1",
                "server --faults discard,delay|--faults discard,delay: faults: the end at position 14: expected a duration such"
                        + " as 50ms or 2s",
                "server --record pom.xml|--record pom.xml: is not a folder and cannot be made one"
                        + " (File exists); name another",
                "server --backlog x|--backlog x: backlog (x) must be a whole number of at least 1",
                "server ::1|server ::1: address (::1) is not usable: write an IPv6 address in brackets, as in [::1]:10000",
                "server /tmp/a.sock|server /tmp/a.sock: address (/tmp/a.sock) is not usable: a host has no slash; for a Unix"
                        + " socket write unix:/tmp/a.sock",
                "server --backlog|--backlog: a value must follow; try --help",
                "server --script close,close|--script close,close: script: at position 7: close would never be reached,"
                        + " because close before it ends the connection; leave it out",
                "server --script echo --script-file a|--script-file: --script is given too; leave one out",
                "server --script-file /absent.echo|scriptFile (/absent.echo) is neither a file (/absent.echo) nor on the"
                        + " class path",
                "server --upstream localhost|--upstream localhost: upstream (localhost) must have a port from 1 to 65535",
                "server --upstream *:1|--upstream *:1: upstream (*:1) must name one host, such as localhost:5432",
                "server --upstream a:1 --script echo|upstream and script are both given; leave one out",
                "server --upstream-failure close|upstreamFailure (close) is given without upstream; set upstream, or leave it"
                        + " out",
                "server --upstream a:1 --upstream-failure discard|--upstream-failure discard: upstreamFailure (discard) must"
                        + " be reset, close or stall",
                "server --upstream-tls insecure|upstreamTls (insecure) is given without upstream; set upstream, or leave it out",
                "server --upstream a:1 --upstream-tls absent.pem|upstreamTls (absent.pem) cannot be used: No such file or"
                        + " directory; name a PEM file with the certificate to trust, insecure or system",
                "server --tls self|--tls self: tls (self) must be self-signed, expired, not-yet-valid, or for NAME with the"
                        + " name of a host",
                "server --certificate-file a.pem|certificateFile (a.pem) is given without tls; set tls, such as self-signed, or"
                        + " leave it out",
                "server --upstream a:1 --connect-timeout 2|--connect-timeout 2: connectTimeout (2) must be a duration with its"
                        + " unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days",
                "server --backlog 1 --backlog 2|--backlog: is given twice; leave one out",
                "server 127.0.0.1:9 127.0.0.1:9|server 127.0.0.1:9 127.0.0.1:9: addresses: 127.0.0.1:9 is given twice; leave one out",
                "client --message=|--message: is empty, so that no echo would be checked; give it text, or leave it out",
                "client tcp://127.0.0.1:9|client tcp://127.0.0.1:9: address (tcp://127.0.0.1:9) is not usable: leave out"
                        + " tcp://; write it as host:port, [v6]:port, *:port or unix:PATH",
                "server --message x|--message: there is no such option here; try --help",
                "server -v|-v: there is no such option here; try --help",
                "server --quiet=yes|--quiet=yes: --quiet takes no value; leave out what follows it",
                "client a:1 b:2|\"b:2\": the client takes one address; leave out the others",
                "client a:0|client a:0: address (a:0) must name the port that the server listens on; port 0 is for servers",
                "client --connect-timeout 0s|--connect-timeout 0s: connectTimeout (0s) must be at least 1ms and at most 365"
                        + " days",
                "client --message a --message-file b|--message-file b: --message is given too; leave one out",
                "client --message-file no-such-file|--message-file no-such-file: cannot be read (No such file or directory); name"
                        + " a file that can",
            })
    void usageErrorNamesOptionValueAndCure(String args, String message) {
        int code = args.isEmpty() ? run() : run(args.split(" "));

        assertThat(err()).isEqualTo("echo: " + message + System.lineSeparator());
        assertThat(code).isEqualTo(2);
        assertThat(out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "server --help", "client --help", "-h", "help"})
    void helpNamesEveryOption(String args) {
        assertThat(run(args.split(" "))).isZero();
        assertThat(out())
                .contains(
                        "--backlog",
                        "--buffer-size",
                        "--max-connections",
                        "--idle-timeout",
                        "--idle-close",
                        "--event-loops",
                        "--script",
                        "--script-file",
                        "--upstream",
                        "--upstream-failure",
                        "--upstream-tls",
                        "--tls",
                        "--certificate-file",
                        "--message",
                        "--message-file",
                        "--connect-timeout",
                        "--read-timeout",
                        "--quiet",
                        "--verbose",
                        "--version");
        assertThat(out().lines()).allMatch(line -> line.length() <= 90);
        assertThat(err()).isEmpty();
    }

    @Test
    void acceptsValueThatLooksLikeFlag() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--message", "--help"))
                    .isZero();
        }
        assertThat(out()).contains("sending 6 bytes \"--help\"");
    }

    @Test
    void printsVersion() {
        assertThat(run("--version")).isZero();
        assertThat(out()).startsWith("echo ");
    }

    @Test
    void clientPrintsConversationOfTutorial() throws Exception {
        try (EchoServer server = EchoServer.builder().bufferSize(16).start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--buffer-size", "16", "--verbose"))
                    .isZero();
            assertThat(out().lines().toList())
                    .containsSubsequence(
                            "connecting to 127.0.0.1 port " + server.port(),
                            "family:   AF_INET",
                            "type:     SOCK_STREAM",
                            "protocol: IPPROTO_TCP",
                            "sending 42 bytes \"This is the message.  It will be repeated.\"",
                            "closing socket");
            assertThat(out()).containsPattern("connected to 127.0.0.1:" + server.port() + " from 127.0.0.1:\\d+");
            assertThat(String.join(
                            "",
                            out().lines()
                                    .filter(line -> line.startsWith("received"))
                                    .map(line -> line.replaceAll("received \\d+ bytes? \"(.*)\"", "$1"))
                                    .toList()))
                    .isEqualTo("This is the message.  It will be repeated.");
            assertThat(err()).isEmpty();
        }
    }

    @Test
    void clientSendsFileUnchanged(@TempDir Path folder) throws Exception {
        Path file = Files.write(folder.resolve("message"), new byte[] {0, (byte) 0xFF, '\n'});
        try (EchoServer server = EchoServer.builder().start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--message-file=" + file))
                    .isZero();
        }
        assertThat(out()).contains("sending 3 bytes \"\\x00\\xff\\n\"").contains("received 3 bytes \"\\x00\\xff\\n\"");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 1 << 20, 3 << 20})
    void clientSendsStandardInput(int bytes) throws Exception {
        byte[] message = new byte[bytes];
        new Random(bytes).nextBytes(message);
        in = new ByteArrayInputStream(message);
        try (EchoServer server = EchoServer.builder().recording(4 << 20, 1).start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--quiet", "--message-file", "-"))
                    .isZero();
            RecordedConnection connection = server.recording().connection(1).awaitEnd();
            assertThat(connection.bytesReceived()).isEqualTo(bytes);
            assertThat(connection.received()).isEqualTo(message);
        }
        assertThat(err()).isEmpty();
    }

    @Test
    void sendsEndlessInputUntilTimeout() throws Exception {
        in = new FilterInputStream(InputStream.nullInputStream()) {
            @Override
            public int read(byte[] into, int from, int length) {
                Arrays.fill(into, from, from + length, (byte) 'x');
                return length;
            }
        };
        try (EchoServer server = EchoServer.builder().recording(0, 1).start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--quiet", "--timeout=300ms", "--message-file=-"))
                    .isEqualTo(1);
            assertThat(server.recording().connection(1).awaitEnd().bytesReceived())
                    .isPositive();
        }
        assertThat(err().strip()).matches("echo: .* when timeout \\(300ms\\) was over");
    }

    @Test
    void timeoutEndsWaitForInput() throws Exception {
        try (PipedOutputStream writer = new PipedOutputStream();
                EchoServer server = EchoServer.builder().recording().start()) {
            in = new PipedInputStream(writer);
            writer.write("ab".getBytes(StandardCharsets.UTF_8));
            writer.flush();
            int code = run(
                    "client", "127.0.0.1:" + server.port(), "--read-timeout=50ms", "--timeout=3s", "--message-file=-");
            assertThat(code).isEqualTo(1);
            assertThat(err().strip())
                    .isEqualTo("echo: 2 of 2 bytes echoed by 127.0.0.1:" + server.port()
                            + ", and the message had not ended when timeout (3s) was over");
            assertThat(out()).contains("sending 2 bytes \"ab\"", "received 2 bytes \"ab\"");
        }
    }

    @Test
    void sendsInputAsItComes() throws Exception {
        try (PipedOutputStream writer = new PipedOutputStream();
                EchoServer server = EchoServer.builder().recording().start()) {
            in = new PipedInputStream(writer);
            writer.write('a');
            writer.flush();
            Thread rest = new Thread(() -> {
                try (writer) {
                    server.recording()
                            .awaitConnections(1, Duration.ofSeconds(60))
                            .get(0)
                            .awaitReceived(new byte[] {'a'}, Duration.ofSeconds(60));
                    writer.write('b');
                } catch (Exception late) {
                    throw new AssertionError(late);
                }
            });
            rest.start();
            assertThat(run("client", "127.0.0.1:" + server.port(), "--message-file=-"))
                    .isZero();
            rest.join();
            assertThat(server.recording().connection(1).received()).asString().isEqualTo("ab");
        }
    }

    @Test
    void limitsBytesSentAheadOfEcho() throws Exception {
        long most = Math.max(1 << 20, Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 8));
        AtomicLong read = new AtomicLong();
        in = new FilterInputStream(InputStream.nullInputStream()) {
            @Override
            public int read(byte[] into, int from, int length) {
                read.addAndGet(length);
                return length;
            }
        };
        try (Peer peer = new Peer(socket -> socket.getInputStream().transferTo(OutputStream.nullOutputStream()))) {
            String address = HostAndPort.of(peer.address()).toString();
            assertThat(run("client", address, "--quiet", "--read-timeout=3s", "--message-file=-"))
                    .isEqualTo(1);
        }
        assertThat(err().strip())
                .matches(
                        "echo: 0 of \\d+ bytes, the most that is sent ahead of the echo of an input that is not a file,"
                                + " echoed by .*, then nothing for 3s");
        assertThat(read.get()).isBetween(most / 2, most + (1 << 20));
    }

    @Test
    void clientFindsWrongEchoOfInput() throws Exception {
        in = new ByteArrayInputStream("abcdef".getBytes(StandardCharsets.UTF_8));
        try (EchoServer server = EchoServer.builder().faults("corrupt byte 5").start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--message-file=-"))
                    .isEqualTo(1);
        }
        assertThat(err()).startsWith("echo: the echo differs at offset 4: expected ");
        in = new ByteArrayInputStream("abcdef".getBytes(StandardCharsets.UTF_8));
        try (EchoServer server = EchoServer.builder().faults("duplicate 6").start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--message-file=-"))
                    .isEqualTo(1);
        }
        assertThat(err()).endsWith("echo: 6 bytes more than were sent: \"abcdef\"" + System.lineSeparator());
    }

    @Test
    void findsSurplusBytesWhileAwaitingInput() throws Exception {
        long deadline = System.nanoTime() + 60_000_000_000L;
        try (PipedOutputStream writer = new PipedOutputStream();
                Peer peer = new Peer(socket -> {
                    socket.getOutputStream().write(socket.getInputStream().read());
                    while (!out().contains("received 1 byte") && System.nanoTime() - deadline < 0) {
                        Thread.onSpinWait();
                    }
                    socket.getOutputStream().write('b');
                    socket.getInputStream().read();
                })) {
            in = new PipedInputStream(writer);
            writer.write('a');
            writer.flush();
            String address = HostAndPort.of(peer.address()).toString();
            assertThat(run("client", address, "--timeout=60s", "--message-file=-"))
                    .isEqualTo(1);
        }
        assertThat(err().strip()).isEqualTo("echo: 1 byte more than were sent: \"b\"");
    }

    @Test
    void inputErrorDoesNotBlamePeer() throws Exception {
        in = new FilterInputStream(InputStream.nullInputStream()) {
            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                throw new IOException("Input/output error");
            }
        };
        try (EchoServer server = EchoServer.builder().start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--message-file=-"))
                    .isEqualTo(1);
        }
        assertThat(err().strip())
                .isEqualTo("echo: the message or the expected echo cannot be read (Input/output error)");
    }

    @Test
    void printsErrorOnOneLine() throws Exception {
        in = new FilterInputStream(InputStream.nullInputStream()) {
            @Override
            public int read(byte[] into, int from, int length) {
                throw new StackOverflowError("deep");
            }
        };
        try (EchoServer server = EchoServer.builder().start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--message-file", "-"))
                    .isEqualTo(1);
        }
        assertThat(err().strip()).isEqualTo("echo: failed unexpectedly: java.lang.StackOverflowError: deep");
    }

    @Test
    void clientFindsBytesAfterEcho() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("duplicate 42").start()) {
            assertThat(run("client", "127.0.0.1:" + server.port())).isEqualTo(1);
        }
        assertThat(err().strip())
                .isEqualTo("echo: 42 bytes more than were sent: \"This is the message.  It will be repeated.\"");
    }

    @Test
    void clientFindsLateBytes() throws Exception {
        try (Peer peer = new Peer(socket -> {
            socket.getOutputStream().write(socket.getInputStream().readNBytes(3));
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            socket.getOutputStream().write('!');
        })) {
            String address = HostAndPort.of(peer.address()).toString();
            assertThat(run("client", address, "--message", "abc")).isEqualTo(1);
            assertThat(err().strip()).isEqualTo("echo: 1 byte more than were sent: \"!\"");
        }
    }

    @Test
    void acceptsPeerThatStaysOpen() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("slow-close 1h").start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--read-timeout", "100ms"))
                    .isZero();
        }
        assertThat(err()).isEmpty();
    }

    @Test
    void timeoutLimitsWholeEcho() throws Exception {
        try (EchoServer server =
                EchoServer.builder().faults("fragment 1 every 100ms").start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--timeout", "300ms"))
                    .isEqualTo(1);
        }
        assertThat(err().strip()).matches("echo: \\d+ of 42 bytes echoed by .* when timeout \\(300ms\\) was over");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void refusesUnwritableFolderAtStart() {
        for (String command : List.of("server", "client")) {
            assertThat(run(command, "127.0.0.1:1", "--record", "/proc")).isEqualTo(2);
        }
        assertThat(err().lines())
                .hasSize(2)
                .allMatch(line ->
                        line.matches("echo: --record /proc: cannot be written \\(.+\\); name a folder that can"));
    }

    @Test
    void refusesEmptyFolderName() {
        for (String command : List.of("server", "client")) {
            assertThat(run(command, "127.0.0.1:1", "--record", "")).isEqualTo(2);
        }
        assertThat(err().lines()).hasSize(2).containsOnly("echo: --record: its value is empty; name a folder");
    }

    @Test
    void clientPrintsFolderOfRecording(@TempDir Path folder) throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--record", folder.toString()))
                    .isZero();
        }
        Path made = folder.resolve("echo-" + ProcessHandle.current().pid());
        assertThat(out().strip()).endsWith("the recording is in " + made);
        assertThat(made.resolve("conversation.html")).content().contains("<title>client of the command line</title>");
    }

    @Test
    void refusesEmptyFile(@TempDir Path folder) throws Exception {
        Path empty = Files.createFile(folder.resolve("empty"));
        assertThat(run("client", "127.0.0.1:1", "--message-file", empty.toString()))
                .isEqualTo(2);
        assertThat(err().strip())
                .isEqualTo("echo: --message-file " + empty
                        + ": is empty, so that no echo would be checked; name a file that is not");
    }

    @Test
    void reportsDeletedMessageFile(@TempDir Path folder) throws Exception {
        Path file = Files.write(folder.resolve("message"), new byte[(1 << 20) + 1]);
        try (Peer peer = new Peer(socket -> socket.getInputStream().readAllBytes())) {
            MessageFile message = MessageFile.open(file.toString(), InputStream.nullInputStream());
            Files.delete(file);
            try (EchoClient client = EchoClient.connect(peer.address())) {
                assertThatThrownBy(() -> message.expectEcho(client))
                        .hasMessage("the message or the expected echo cannot be read (No such file or directory)");
            }
        }
    }

    @Test
    void unwritableRecordingExitsWith1(@TempDir Path folder) throws Exception {
        Path gone = folder.resolve("gone");
        try (Peer peer = new Peer(socket -> {
            socket.getOutputStream().write(socket.getInputStream().readNBytes(3));
            Files.createFile(gone); // after the client has checked that a folder can be made there
        })) {
            String address = HostAndPort.of(peer.address()).toString();
            assertThat(run("client", address, "--message", "abc", "--quiet", "--record", gone.toString()))
                    .isEqualTo(1);
        }
        assertThat(err().strip())
                .isEqualTo("echo: the recording was not written to "
                        + gone.resolve("echo-" + ProcessHandle.current().pid())
                        + " (Not a directory); name another folder for --record");
        assertThat(gone).isEmptyFile();
    }

    /** The files of a recording of this process. */
    private static List<String> filesOf(Path folder, String suffix) throws IOException {
        Path made = folder.resolve("echo-" + ProcessHandle.current().pid() + suffix);
        try (var files = Files.list(made)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void writesRecordingToDeletedFolder(@TempDir Path folder) throws Exception {
        Path gone = Files.createDirectory(folder.resolve("gone"));
        try (Peer peer = new Peer(socket -> {
            socket.getOutputStream().write(socket.getInputStream().readNBytes(3));
            Files.delete(gone);
        })) {
            String address = HostAndPort.of(peer.address()).toString();
            assertThat(run("client", address, "--message", "abc", "--quiet", "--record", gone.toString()))
                    .isZero();
        }
        assertThat(filesOf(gone, "")).containsExactlyInAnyOrderElementsOf(RecordingFiles.names());
    }

    @Test
    void leavesNoEmptyFolder(@TempDir Path folder) throws Exception {
        Path made = folder.resolve("made/of two");
        int port;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = taken.getLocalPort();
            assertThat(run("server", "127.0.0.1:" + port, "--record", made.toString()))
                    .isEqualTo(1);
        }
        assertThat(folder).isEmptyDirectory();
        assertThat(run("client", "127.0.0.1:" + port, "--record", made.toString()))
                .isEqualTo(1);
        assertThat(folder).isEmptyDirectory();
        Files.createDirectories(made);
        assertThat(run("client", "127.0.0.1:" + port, "--record", made.toString()))
                .isEqualTo(1);
        assertThat(made).isEmptyDirectory();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void recordsThroughLinkToFolder(@TempDir Path folder) throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Files.createDirectory(folder.resolve("a folder")));
        try (EchoServer server = EchoServer.builder().start()) {
            assertThat(run("client", "127.0.0.1:" + server.port(), "--record", link.toString()))
                    .isZero();
        }
        assertThat(filesOf(link, "")).containsExactlyInAnyOrderElementsOf(RecordingFiles.names());
    }

    @Test
    void clientRecordsFailedEchoToNewFiles(@TempDir Path folder) throws Exception {
        String process = "echo-" + ProcessHandle.current().pid();
        try (EchoServer server = EchoServer.builder().faults("corrupt byte 1").start()) {
            for (int i = 0; i < 2; i++) {
                assertThat(run("client", "127.0.0.1:" + server.port(), "--quiet", "--record", folder.toString()))
                        .isEqualTo(1);
            }
        }
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder(process, process + "-2");
        assertThat(filesOf(folder, "")).containsExactlyInAnyOrderElementsOf(RecordingFiles.names());
        assertThat(filesOf(folder, "-2")).containsExactlyInAnyOrderElementsOf(RecordingFiles.names());
        assertThat(folder.resolve(process + "-2").resolve("transcript.txt"))
                .content()
                .contains("sending 42 bytes \"This is")
                .contains("received 42 bytes \"\\xabhis is");
    }

    @Test
    void quietClientPrintsNothing() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            assertThat(run("client", "localhost:" + server.port(), "--quiet", "--message", "x"))
                    .isZero();
        }
        assertThat(out()).isEmpty();
        assertThat(err()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "wrong|echo: the echo differs at offset 0: expected \"abc\", received \"xbc\"",
                "short|echo: 2 of 3 bytes echoed, then the end of the stream from ADDRESS",
                "late|echo: 0 of 3 bytes echoed by ADDRESS, then nothing for 100ms",
            })
    void wrongEchoExitsWith1(String fault, String message) throws Exception {
        try (Peer peer = new Peer(socket -> {
            byte[] read = socket.getInputStream().readNBytes(3);
            read[0] = 'x';
            if (!fault.equals("late")) {
                socket.getOutputStream().write(read, 0, fault.equals("short") ? 2 : 3);
                socket.shutdownOutput();
            }
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        })) {
            String address = HostAndPort.of(peer.address()).toString();
            assertThat(run("client", address, "--message", "abc", "--read-timeout", "100ms"))
                    .isEqualTo(1);
            assertThat(err().strip()).isEqualTo(message.replace("ADDRESS", address));
            assertThat(out()).endsWith("closing socket" + System.lineSeparator());
        }
    }

    @Test
    void refusedConnectExitsWith1() throws Exception {
        int port = freePort();

        assertThat(run("client", "127.0.0.1:" + port)).isEqualTo(1);
        assertThat(err())
                .startsWith("echo: cannot connect to 127.0.0.1:" + port + "; tried 127.0.0.1:" + port
                        + " (Connection refused)");
    }

    @Test
    void busyPortExitsWith1() throws Exception {
        try (ServerSocket busy = PlainSockets.listen(0)) {
            assertThat(run("server", "127.0.0.1:" + busy.getLocalPort())).isEqualTo(1);
            assertThat(err())
                    .startsWith("echo: cannot listen on 127.0.0.1:" + busy.getLocalPort() + ": Address already");
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = PlainSockets.listen(0)) {
            return free.getLocalPort();
        }
    }
}
