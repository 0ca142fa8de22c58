package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.script.Framings;
import org.echoharness.script.ServedConnection;
import org.echoharness.sockets.UnixConnector;
import org.echoharness.support.Background;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A server and a client of a Unix socket: the file, the controls, and what an end looks like without an RST. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class UnixSocketTest {

    private static final int MIB = 1 << 20;
    private static final String PRIVATE = "rw-------";

    @TempDir
    private Path folder;

    private EchoServer start(String... options) throws IOException {
        EchoServer.Builder builder =
                EchoServer.builder().addresses("unix:" + folder.resolve("s")).recording();
        for (int i = 0; i < options.length; i += 2) {
            builder.set(options[i], options[i + 1]);
        }
        return builder.start();
    }

    private static EchoClient connect(EchoServer server) throws IOException {
        return EchoClient.connect(server.socketAddress());
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(each -> each.getFileName().toString()).toList();
        }
    }

    /** A socket to which nobody listens any more, as a process that was killed leaves it. */
    private static Path leftOver(Path file) throws IOException {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(file))
                .close();
        return file;
    }

    @Test
    void echoesEveryByteAfterHalfClose() throws Exception {
        byte[] message = new byte[8 * MIB];
        new Random(1).nextBytes(message);
        Path file = folder.resolve("s");
        try (EchoServer server = start();
                EchoClient client = connect(server)) {
            assertThat(server.path()).isEqualTo(file);
            assertThat(server.socketAddress()).isEqualTo(UnixDomainSocketAddress.of(file));
            assertThat(mode(file)).isEqualTo(PRIVATE);
            assertThat(files()).containsExactly("s");

            client.expectEcho(message);
            client.expectEnd();

            Ending ending = server.recording()
                    .connection(1)
                    .awaitEnd(Background.LONGEST)
                    .ending()
                    .orElseThrow();
            assertThat(ending).isEqualTo(new Ending(Ending.Side.CLIENT, Ending.How.FIN, ""));
        }
        assertThat(files()).isEmpty();
    }

    @Test
    void picksFileInPrivateFolder() throws Exception {
        Path file;
        try (EchoServer server =
                        EchoServer.builder().addresses("unix:", "unix:").start();
                EchoClient client = connect(server)) {
            file = server.path();
            client.expectEcho(ascii("hello"));
            assertThat(mode(file)).isEqualTo(PRIVATE);
            assertThat(mode(file.getParent())).isEqualTo("rwx------");
            assertThat(server.socketAddresses()).doesNotHaveDuplicates().hasSize(2);
            assertThat(server.configuredAddresses())
                    .extracting(Object::toString)
                    .containsExactly("unix:", "unix:");
        }
        assertThat(file.getParent()).doesNotExist();
    }

    @Test
    void nobodySeesFileBeforeItIsPrivate() throws Exception {
        Path file = folder.resolve("s");
        AtomicReference<String> seen = new AtomicReference<>("");
        CountDownLatch over = new CountDownLatch(1);
        Thread looking = new Thread(() -> {
            while (over.getCount() > 0) {
                try {
                    String mode = mode(file);
                    if (!mode.equals(PRIVATE)) {
                        seen.set(mode);
                    }
                } catch (IOException absent) {
                    // the next start makes it
                }
            }
        });
        looking.start();
        try {
            for (int i = 0; i < 300; i++) {
                start().close();
            }
        } finally {
            over.countDown();
            looking.join();
        }
        assertThat(seen.get()).isEmpty();
    }

    @Test
    void replacesLeftOverSocket() throws Exception {
        leftOver(folder.resolve("s"));
        try (EchoServer server = start();
                EchoClient client = connect(server)) {
            client.expectEcho(ascii("hello"));
            assertThat(mode(server.path())).isEqualTo(PRIVATE);
            assertThat(files()).containsExactly("s");
        }
    }

    @Test
    void refusesPathOfAnotherServer() throws Exception {
        try (EchoServer server = start()) {
            String error = "cannot listen on unix:" + server.path()
                    + ": Address already in use; end what listens there, or take another path, or unix: alone";
            assertThatThrownBy(this::start).isInstanceOf(BindException.class).hasMessage(error);
            server.refuse();
            assertThatThrownBy(this::start).isInstanceOf(BindException.class).hasMessage(error);
            server.unanswered();
            assertThatThrownBy(this::start).isInstanceOf(BindException.class).hasMessage(error);
            server.resume();
            try (EchoClient client = connect(server)) {
                client.expectEcho(ascii("still served"));
            }
            assertThat(files()).containsExactly("s");
        }
    }

    @Test
    void neverRemovesWhatIsNoSocket() throws Exception {
        Path file = folder.resolve("s");
        String error = "cannot listen on unix:" + file
                + ": there is a file that is no socket; remove it, or take another path";
        Files.writeString(file, "precious");
        assertThatThrownBy(this::start).isInstanceOf(BindException.class).hasMessage(error);
        assertThat(file).hasContent("precious");
        Files.delete(file);
        Files.createDirectory(file);
        assertThatThrownBy(this::start).hasMessage(error);
        Files.delete(file);
        Files.createSymbolicLink(file, leftOver(folder.resolve("other")));
        assertThatThrownBy(this::start).hasMessage(error);
        assertThat(files()).containsExactlyInAnyOrder("s", "other");
    }

    @Test
    void leavesFileThatIsNotItsOwn() throws Exception {
        Path file = folder.resolve("s");
        try (EchoServer server = start()) {
            Files.delete(file);
            Files.writeString(file, "of somebody else");
            server.refuse();
            assertThatThrownBy(server::resume).hasMessageContaining("there is a file that is no socket");
        }
        assertThat(file).hasContent("of somebody else");
    }

    @Test
    void missingFolderIsNamed() {
        assertThatThrownBy(() -> EchoServer.builder()
                        .addresses("unix:" + folder.resolve("none/s"))
                        .start())
                .isInstanceOf(BindException.class)
                .hasMessage("cannot listen on unix:" + folder.resolve("none/s") + ": there is no folder "
                        + folder.resolve("none")
                        + "; create the folder, or write unix: alone for one of its own");
    }

    @Test
    void pathMayHave106Bytes() throws Exception {
        Path longest = folder.resolve("x".repeat(105 - folder.toString().length()));
        try (EchoServer server =
                        EchoServer.builder().addresses("unix:" + longest).start();
                EchoClient client = connect(server)) {
            assertThat(server.path().toString()).hasSize(106);
            client.expectEcho(ascii("hello"));
            assertThat(mode(longest)).isEqualTo(PRIVATE);
            server.refuse();
            server.resume();
            connect(server).close();
        }
        assertThat(files()).isEmpty();
        boolean isEncodable = Charset.forName(System.getProperty("sun.jnu.encoding"))
                .newEncoder()
                .canEncode('\u00fc');
        String two = isEncodable ? "\u00fc" : "xx"; // bytes
        assertThatThrownBy(() -> EchoServer.builder().addresses("unix:" + longest + two))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "address (unix:" + longest + two + ") has a path of 108 bytes, and a Unix socket may have at"
                                + " most 106; take a shorter path, or write unix: alone for a file in a private temporary folder");
        String relative = "y".repeat(100);
        Path absolute = Path.of(relative).toAbsolutePath();
        assertThatThrownBy(
                        () -> EchoServer.builder().addresses("unix:" + relative).start())
                .isInstanceOf(BindException.class)
                .hasMessageStartingWith("cannot listen on unix:" + relative + ": " + absolute + " has a path of "
                        + absolute.toString().length()
                        + " bytes, and a Unix socket may have at most 106; take a shorter");
    }

    @Test
    void refusedConnectSaysThatNobodyListens() throws Exception {
        try (EchoServer server = start()) {
            Path file = server.path();
            server.refuse();
            assertThatThrownBy(() -> connect(server))
                    .isInstanceOf(ConnectException.class)
                    .hasMessage("cannot connect to unix:" + file
                            + " within 5s: Connection refused; is a server listening there?");
            assertThat(file).exists();
            server.resume();
            try (EchoClient client = connect(server)) {
                client.expectEcho(ascii("hello"));
                server.restart(Duration.ofMillis(50));
                assertThat(client.receive()).as("the end of the stream").isEmpty();
            }
            server.recording().awaitQuiet(Duration.ofMillis(1), Background.LONGEST);
        }
        assertThatThrownBy(() -> EchoClient.connect("unix:" + folder.resolve("s")))
                .hasMessageContaining("No such file or directory; is a server listening there?");
        Files.writeString(folder.resolve("s"), "");
        assertThatThrownBy(() -> EchoClient.connect("unix:" + folder.resolve("s")))
                .hasMessageContaining("that file is no socket");
    }

    @Test
    void listensAgainAfterRestart() throws Exception {
        try (EchoServer server = start()) {
            server.restart(Duration.ofMillis(20));
            EchoClient client = null;
            while (client == null) {
                try {
                    client = connect(server);
                } catch (ConnectException stillDown) {
                    Thread.onSpinWait();
                }
            }
            client.expectEcho(ascii("up again"));
            client.close();
            assertThat(server.recording().transcript()).contains("accepts connects again");
        }
    }

    @Test
    void unansweredConnectWaitsUntilServerListensAgain() throws Exception {
        try (EchoServer server = start()) {
            server.unanswered();
            assertThatThrownBy(() -> UnixConnector.tryConnect(server.path()))
                    .isInstanceOf(UnixConnector.QueueFullException.class);
            EchoClient.Builder impatient =
                    EchoClient.builder().address(server.socketAddress()).connectTimeout(Duration.ofMillis(50));
            assertThatThrownBy(impatient::connect)
                    .isInstanceOf(ConnectException.class)
                    .hasMessageStartingWith("cannot connect to unix:" + server.path()
                            + " within 50ms: the queue of the server is full: ");
            CountDownLatch connecting = new CountDownLatch(1);
            AtomicReference<SocketChannel> blocked = new AtomicReference<>();
            Thread blocking = new Thread(() -> {
                connecting.countDown();
                try {
                    blocked.set(SocketChannel.open(server.socketAddress()));
                } catch (IOException failed) {
                    connecting.countDown();
                }
            });
            blocking.start();
            connecting.await();
            server.resume();
            blocking.join();
            try (SocketChannel served = blocked.get()) {
                assertThat(served.write(ByteBuffer.wrap(ascii("hi")))).isEqualTo(2);
                assertThat(served.read(ByteBuffer.allocate(2))).isEqualTo(2);
            }
        }
    }

    @Test
    void resetIsEndOfStreamIfAllWasRead() throws Exception {
        try (EchoServer server = start("faults", "reset after 4");
                EchoClient client = connect(server)) {
            client.send(ascii("hello"));
            assertThat(client.receive(4)).isEqualTo(ascii("hell"));
            assertThat(client.receive()).as("the end of the stream").isEmpty();
            assertThatThrownBy(() -> client.send(ascii("x"))).hasMessageContaining("Broken pipe");
            RecordedConnection connection = server.recording().connection(1).awaitEnd(Background.LONGEST);
            assertThat(connection.ending()).hasValueSatisfying(end -> {
                assertThat(end.by()).isEqualTo(Ending.Side.SERVER);
                assertThat(end.how()).isEqualTo(Ending.How.RST);
            });
        }
    }

    /** The rows of the table in FAULTS.md: the faults, what the client sends, and what it reads. */
    static Stream<Arguments> rowsOfPage() throws IOException {
        String page = Files.readString(Path.of("FAULTS.md"));
        return Pattern.compile("^\\| `([^`]+)` \\| `hello`(, `more`)? \\| `(\\w+)`, then (.*) \\|$", Pattern.MULTILINE)
                .matcher(page.substring(page.indexOf("## Unix sockets")))
                .results()
                .map(row -> Arguments.of(row.group(1), row.group(2) != null, row.group(3), row.group(4)));
    }

    @Test
    void pageHasRows() throws IOException {
        assertThat(rowsOfPage()).hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("rowsOfPage")
    void endIsAsOnPage(String faults, boolean sendsMore, String reads, String end) throws Exception {
        try (EchoServer server = start("faults", faults);
                SocketChannel client = SocketChannel.open(server.socketAddress())) {
            client.write(ByteBuffer.wrap(ascii("hello")));
            ByteBuffer back = ByteBuffer.allocate(reads.length());
            while (back.hasRemaining() && client.read(back) >= 0) {}
            assertThat(back.array()).isEqualTo(ascii(reads));
            if (sendsMore) {
                client.write(ByteBuffer.wrap(ascii("more")));
            }
            if (end.equals("-1")) {
                assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            } else {
                assertThat(end).isEqualTo("`SocketException: Connection reset`");
                assertThatThrownBy(() -> client.read(ByteBuffer.allocate(1)))
                        .isInstanceOf(SocketException.class)
                        .hasMessage("Connection reset");
            }
            assertThatThrownBy(() -> {
                        while (client.isOpen()) { // a close may follow its FIN a moment later
                            client.write(ByteBuffer.wrap(ascii("x")));
                        }
                    })
                    .isInstanceOf(IOException.class)
                    .hasMessage("Broken pipe");
        }
    }

    @Test
    void plainClientsSeeControlsAsOnPage() throws Exception {
        EchoServer server = start();
        try (SocketChannel waiting = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.unanswered();
            waiting.configureBlocking(false);
            assertThatThrownBy(() -> waiting.connect(server.socketAddress()))
                    .isInstanceOf(SocketException.class)
                    .hasMessage("Resource temporarily unavailable");
            server.refuse();
            assertThatThrownBy(() -> SocketChannel.open(server.socketAddress()))
                    .isInstanceOf(ConnectException.class)
                    .hasMessage("Connection refused");
        } finally {
            server.close();
        }
        assertThatThrownBy(() -> SocketChannel.open(server.socketAddress()))
                .isInstanceOf(SocketException.class)
                .hasMessage("No such file or directory");
    }

    @Test
    void resetIsResetIfBytesAreUnread() throws Exception {
        try (EchoServer server = start();
                EchoClient client = connect(server)) {
            client.expectEcho(ascii("before"));
            server.freeze();
            client.send(ascii("never read"));
            server.resetConnections();
            assertThatThrownBy(client::receive).hasMessageContaining("Connection reset");
        }
        try (EchoServer server = start("faults", "stall after 4, reset after 100ms");
                EchoClient client = connect(server)) {
            client.send(ascii("hello"));
            assertThat(client.receive(4)).isEqualTo(ascii("hell"));
            client.send(ascii("more"));
            assertThatThrownBy(client::receive).hasMessageContaining("Connection reset");
        }
    }

    @Test
    void closeLosesNothingThatWasSent() throws Exception {
        byte[] message = new byte[100_000]; // fits into the buffers of the socket
        try (EchoServer server = start("faults", "reset after 100000");
                EchoClient client = connect(server)) {
            client.send(message);
            server.recording().awaitConnections(1, Background.LONGEST);
            server.recording().connection(1).awaitEnd(Background.LONGEST);
            assertThat(client.receiveToEnd()).isEqualTo(message);
        }
    }

    @Test
    void clientThatLeavesBytesUnreadResets() throws Exception {
        try (EchoServer server = start()) {
            EchoClient client = EchoClient.builder()
                    .address(server.socketAddress())
                    .recording()
                    .connect();
            client.send(ascii("hello"));
            server.recording().awaitConnections(1, Background.LONGEST);
            server.recording().connection(1).awaitReceived(ascii("hello"));
            server.catchUp(Background.LONGEST); // and sends it back
            client.close();
            assertThat(server.recording()
                            .connection(1)
                            .awaitEnd(Background.LONGEST)
                            .ending())
                    .hasValueSatisfying(end -> assertThat(end.toString()).startsWith("CLIENT RST (Connection reset"));
            assertThat(client.recording().connection(1).ending())
                    .hasValue(new Ending(Ending.Side.CLIENT, Ending.How.RST, "closed with bytes unread"));
        }
    }

    @Test
    void rejectedConnectionEnds() throws Exception {
        try (EchoServer server = start("maxConnections", "1");
                EchoClient first = connect(server);
                EchoClient second = connect(server)) {
            assertThat(second.receive()).isEmpty();
            first.expectEcho(ascii("served"));
            assertThat(server.counters().rejected()).isEqualTo(1);
            assertThat(server.recording().transcript()).contains("rejecting a client of unix:" + server.path());
        }
    }

    @Test
    void furtherBytesFailEcho() throws Exception {
        try (EchoServer server = start("faults", "duplicate 5");
                EchoClient client = connect(server)) {
            assertThatThrownBy(() -> {
                        client.expectEcho(ascii("hello"));
                        client.expectEnd();
                    })
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessageContaining("5 bytes more than were sent: \"hello\"");
        }
    }

    @Test
    void countsBytesThatCameWithEcho() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .addresses("unix:")
                        .handler(() -> new ConnectionHandler() {
                            @Override
                            public void received(ServedConnection connection, ByteBuffer bytes) {
                                connection.send(new byte[1_005]);
                            }
                        })
                        .start();
                EchoClient client = connect(server)) {
            assertThatThrownBy(() -> client.expectEcho(new byte[5]))
                    .isInstanceOf(EchoMismatchException.class)
                    .hasMessageStartingWith("1000 bytes more than were sent: ");
            assertThat(client.receive(1_000 - Exchange.SURPLUS)).containsOnly(0);
            server.closeConnections();
            assertThat(client.receive()).isEmpty();
        }
    }

    @Test
    void scriptsAndHandlersServeUnixSockets() throws Exception {
        try (EchoServer server = start("script", "expect line \"PING\", send \"PONG\\n\"");
                EchoClient client = connect(server)) {
            client.expectEcho(ascii("PING\n"), ascii("PONG\n"));
        }
        AtomicReference<ServedConnection> served = new AtomicReference<>();
        try (EchoServer server = EchoServer.builder()
                        .addresses("unix:")
                        .handler(() -> new ConnectionHandler() {
                            @Override
                            public void received(ServedConnection connection, ByteBuffer bytes) {
                                served.set(connection);
                                connection.send(bytes);
                            }
                        })
                        .start();
                EchoClient client = connect(server)) {
            client.expectEcho(ascii("hello"));
            assertThat(served.get().remoteSocketAddress()).isEqualTo(UnixDomainSocketAddress.of(""));
            assertThatThrownBy(served.get()::remote)
                    .hasMessage("connection 1 came over a Unix socket, so its client has no host and no port; call"
                            + " remoteSocketAddress()");
        }
        try (EchoServer server = EchoServer.builder()
                        .addresses("unix:")
                        .respond(Framings.lines(), line -> line + "!")
                        .start();
                EchoClient client = connect(server)) {
            client.expectEcho(ascii("a\n"), ascii("a!\r\n"));
        }
    }

    @Test
    void accessorsOfTcpSayWhatToCall() throws Exception {
        try (EchoServer server = start();
                EchoClient client = connect(server)) {
            client.expectEcho(ascii("x"));
            String unix = "since it is a Unix socket (unix:" + server.path() + ")";
            assertThatThrownBy(server::port)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the address of the server has no host and no port, " + unix
                            + "; call socketAddress() or path()");
            assertThatThrownBy(server::address).hasMessageContaining(unix);
            assertThatThrownBy(server::addresses).hasMessageContaining(unix);
            assertThatThrownBy(client::remoteAddress)
                    .hasMessage("the client has no host and no port, " + unix + "; call remoteSocketAddress()");
            RecordedConnection connection = server.recording().connection(1);
            assertThatThrownBy(connection::local)
                    .hasMessage("connection 1 has no host and no port, " + unix + "; call localSocketAddress()");
            assertThatThrownBy(connection::remote).hasMessageContaining("call remoteSocketAddress()");
            assertThat(connection.localSocketAddress()).isEqualTo(server.socketAddress());
            assertThat(connection.remoteSocketAddress()).isEqualTo(UnixDomainSocketAddress.of(""));
            assertThat(client.family()).isEqualTo(StandardProtocolFamily.UNIX);
            assertThat(client).hasToString("EchoClient an unnamed socket -> unix:" + server.path());
        }
        try (EchoServer server = EchoServer.builder().start()) {
            assertThatThrownBy(server::path)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the server has no path, since it listens on 127.0.0.1:" + server.port()
                            + "; give it an address such as unix: or call address()");
        }
    }

    @Test
    void serverOfBothKindsServesBoth() throws Exception {
        FaultPlan fromPort = new FaultPlan(List.of(new FaultPlan.Rule(
                Connections.from(remote -> true), List.of(Fault.close().after(2)))));
        try (EchoServer server = EchoServer.builder()
                .addresses("unix:", "127.0.0.1:0")
                .faults(fromPort)
                .recording()
                .start()) {
            try (EchoClient unix = connect(server);
                    EchoClient tcp = EchoClient.connect(server.address())) {
                unix.expectEcho(ascii("no rule is for me"));
                tcp.send(ascii("hello"));
                assertThat(tcp.receiveToEnd()).isEqualTo(ascii("he"));
            }
            assertThat(server.addresses()).containsExactly(server.address());
            server.refuse();
            assertThatThrownBy(() -> connect(server)).hasMessageContaining("refused");
            assertThatThrownBy(() -> EchoClient.connect(server.address())).hasMessageContaining("refused");
            server.resume();
            connect(server).close();
            EchoClient.connect(server.address()).close();
        }
    }

    @Test
    void ruleForHostsIsRefusedWithoutPorts() throws Exception {
        FaultPlan plan = FaultPlan.none().on(Connections.from(remote -> true), Fault.reset());
        String error =
                "would never apply, because the clients of a Unix socket have no host and no port; leave the rule"
                        + " out, or add an address with a port";
        assertThatThrownBy(() ->
                        EchoServer.builder().addresses("unix:").faults(plan).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith(error);
        try (EchoServer server = start()) {
            assertThatThrownBy(() -> server.setFaults(plan)).hasMessageEndingWith(error);
            assertThatThrownBy(() -> server.setFaultsOfAll(plan)).hasMessageEndingWith(error);
        }
    }

    @Test
    void setsFaultsOfOpenConnections() throws Exception {
        try (EchoServer server = start();
                EchoClient client = connect(server)) {
            client.expectEcho(ascii("hello"));
            server.setFaultsOfAll(FaultPlan.parse("corrupt byte 1"));
            assertThatThrownBy(() -> client.expectEcho(ascii("hello"))).isInstanceOf(EchoMismatchException.class);
        }
    }

    @Test
    void endsIdleConnections() throws Exception {
        try (EchoServer server = start("idleTimeout", "20ms");
                EchoClient client = connect(server)) {
            assertThat(client.receive()).isEmpty();
            assertThat(server.counters().idleClosed()).isEqualTo(1);
        }
    }

    @Test
    void recordingNamesClientByItsNumber() throws Exception {
        try (EchoServer server = start();
                EchoClient client = EchoClient.builder()
                        .address(server.socketAddress())
                        .recording()
                        .connect()) {
            client.expectEcho(ascii("hello"));
            client.expectEnd();
            String path = server.path().toString();
            RecordedConnection atServer = server.recording().connection(1).awaitEnd(Background.LONGEST);
            RecordedConnection atClient = client.recording().connection(1);
            assertThat(atServer.transcript())
                    .contains("connection from client 1 of unix:" + path)
                    .contains("received 5 bytes \"hello\" from client 1 of unix:" + path);
            assertThat(atClient.transcript()).contains("connected to unix:" + path + " from an unnamed socket");
            RecordingComparison.of(atClient, atServer).assertSame();
            assertThat(RecordingComparison.of(atClient, atServer).toString()).contains("server unix:" + path);
        }
    }

    /** The packets need addresses, and a Unix socket has none. */
    @Test
    void packetsHaveStandInAddresses() throws Exception {
        Path file = folder.resolve("p.pcapng");
        try (EchoServer server = start();
                EchoClient first = connect(server);
                EchoClient second = connect(server)) {
            first.expectEcho(ascii("hello"));
            second.expectEcho(ascii("world"));
            server.recording().writePcapng(file);
            List<PcapFile.Segment> segments = PcapFile.read(file).segments();
            assertThat(segments.get(0).comment())
                    .isEqualTo("connection 1; both addresses stand for the Unix socket unix:" + server.path());
            assertThat(segments.stream().filter(segment -> segment.is(PcapFile.SYN) && !segment.is(PcapFile.ACK)))
                    .extracting(segment -> segment.from() + " -> " + segment.to())
                    .containsExactly("/192.0.2.2:49153 -> /192.0.2.1:49152", "/192.0.2.2:49154 -> /192.0.2.1:49152");
        }
    }

    @Test
    void clientMayBindItsSocket() throws Exception {
        Path own = folder.resolve("client");
        try (EchoServer server = start();
                SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            client.bind(UnixDomainSocketAddress.of(own));
            client.connect(server.socketAddress());
            server.recording().awaitConnections(1, Background.LONGEST);
            assertThat(server.recording().connection(1).remoteSocketAddress())
                    .isEqualTo(UnixDomainSocketAddress.of(own));
            assertThat(server.recording().connection(1).transcript()).contains("connection from unix:" + own);
        }
    }

    @Test
    void closedServerRefusesAndItsPathIsFree() throws Exception {
        for (int i = 0; i < 200; i++) {
            try (EchoServer server = start();
                    SocketChannel client = SocketChannel.open(server.socketAddress())) {
                assertThat(client.isConnected()).isTrue();
            }
            assertThat(Files.exists(folder.resolve("s"), LinkOption.NOFOLLOW_LINKS))
                    .isFalse();
        }
    }

    /** The reset of the relay may come during the connect. */
    private static void receive(EchoServer relay) throws IOException {
        try (EchoClient client = EchoClient.connect(relay.socketAddress())) {
            client.receive();
        }
    }

    @Test
    void relaysToUnixSocket() throws Exception {
        byte[] message = new byte[4 * MIB];
        new Random(2).nextBytes(message);
        try (EchoServer server = start();
                EchoServer relay = EchoServer.builder()
                        .addresses("127.0.0.1:0", "unix:")
                        .upstream("unix:" + server.path())
                        .connectTimeout(Duration.ofSeconds(30))
                        .recording()
                        .start()) {
            for (SocketAddress each : relay.socketAddresses()) {
                try (EchoClient client = EchoClient.connect(each)) {
                    client.expectEcho(message);
                    client.expectEnd();
                }
            }
            server.unanswered();
            try (EchoClient waiting = EchoClient.connect(relay.socketAddress())) {
                waiting.send(ascii("later"));
                relay.recording().awaitConnections(3, Background.LONGEST);
                server.resume();
                assertThat(waiting.receive(5)).isEqualTo(ascii("later"));
            }
            server.refuse();
            assertThatThrownBy(() -> receive(relay)).hasMessageContaining("Connection reset");
            assertThat(relay.recording()
                            .connection(4)
                            .awaitEnd(Background.LONGEST)
                            .ending())
                    .hasValueSatisfying(end -> assertThat(end.why())
                            .isEqualTo("cannot connect to upstream unix:" + server.path() + " within 30s; tried unix:"
                                    + server.path() + " (Connection refused); is a server listening there?"));
            relay.recording().writeFiles(folder.resolve("files"));
        }
        assertThatThrownBy(() -> EchoServer.builder().upstream("unix:"))
                .hasMessage("upstream (unix:) must name the file of a server, such as unix:/tmp/echo.sock");
    }

    @Test
    void fullQueueOfUpstreamIsTriedUntilTimeout() throws Exception {
        try (EchoServer server = start();
                EchoServer relay = EchoServer.builder()
                        .upstream("unix:" + server.path())
                        .connectTimeout(Duration.ofMillis(30))
                        .recording()
                        .start()) {
            server.unanswered();
            assertThatThrownBy(() -> receive(relay)).hasMessageContaining("Connection reset");
            assertThat(relay.recording()
                            .connection(1)
                            .awaitEnd(Background.LONGEST)
                            .ending())
                    .hasValueSatisfying(end ->
                            assertThat(end.why()).contains(" within 30ms; tried unix:", "queue of the server is full"));
        }
    }

    @Test
    void usesNoRoomForUnusualTexts() {
        assertThatThrownBy(() -> ServerAddress.parse("unix:///tmp/x"))
                .hasMessage(
                        "address (unix:///tmp/x) is not usable: leave out the two slashes, as in unix:/tmp/echo.sock");
        assertThatThrownBy(() -> ServerAddress.parse("unix:a\0b")).hasMessageContaining("it is no path");
        assertThatThrownBy(() -> EchoClient.builder().address("unix:"))
                .hasMessage(
                        "address (unix:) must name the file that the server listens on; unix: alone is for servers");
        assertThatThrownBy(() -> EchoServer.builder().addresses("unix:/tmp/x", "unix:/tmp/x"))
                .hasMessage("addresses: unix:/tmp/x is given twice; leave one out");
        assertThatThrownBy(() -> EchoClient.builder().address("unix:/tmp/x").resolve())
                .hasMessage("address (unix:/tmp/x) has no name to resolve, since it is a Unix socket");
        assertThat(ServerAddress.parse(" unix:/tmp/x ")).isEqualTo(new ServerAddress.Unix(Path.of("/tmp/x")));
        assertThat(ServerAddress.parse("localhost", 7)).isEqualTo(new HostAndPort("localhost", 7));
    }
}
