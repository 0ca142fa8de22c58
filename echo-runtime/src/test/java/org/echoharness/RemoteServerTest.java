package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.echoharness.script.ServedConnection;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An EchoServer that stands for one in another process does what that one does. */
@Timeout(60)
class RemoteServerTest {

    private EchoServer local;
    private EchoServer remote;

    private void start(EchoServer.Builder builder) throws IOException {
        local = builder.warnings(line -> {}).control("127.0.0.1:0").start();
        remote = EchoServer.connect(
                local.controlUri().orElseThrow(), local.controlToken().orElseThrow());
    }

    @AfterEach
    void close() {
        remote.close();
        local.close();
    }

    private Socket client() throws IOException {
        return PlainSockets.connect(remote.address());
    }

    private void converse(String text) throws IOException {
        try (Socket socket = client()) {
            PlainSockets.echoes(socket, text);
            Recordings.finish(socket);
        }
    }

    private static Stream<Arguments> kinds() {
        return Stream.of(
                Arguments.of("echo", EchoServer.builder()),
                Arguments.of("echo on a Unix socket too", EchoServer.builder().addresses("unix:", "127.0.0.1:0")),
                Arguments.of(
                        "script",
                        EchoServer.builder()
                                .script("connection 1: expect \"a\", send \"a\"; others: expect line \"*\"")),
                Arguments.of("handler", EchoServer.builder().handler(() -> (connection, bytes) -> {})),
                Arguments.of("relay", EchoServer.builder().upstream("127.0.0.1:9")),
                Arguments.of("echo without recording", EchoServer.builder().set("recording", "none")),
                Arguments.of(
                        "echo with faults",
                        EchoServer.builder()
                                .faults("random 10% seed 42: reset after 4; others: delay 50ms jitter 10ms")));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void hasTheStateOfTheServer(String kind, EchoServer.Builder builder) throws Exception {
        start(builder);
        List<Function<EchoServer, Object>> getters = List.of(
                EchoServer::addresses,
                EchoServer::address,
                EchoServer::port,
                EchoServer::socketAddresses,
                EchoServer::socketAddress,
                EchoServer::configuredAddresses,
                EchoServer::isRunning,
                EchoServer::failure,
                EchoServer::controlUri,
                EchoServer::controlToken,
                EchoServer::counters,
                EchoServer::script,
                EchoServer::scriptProblems,
                EchoServer::scriptProblemsLeftOut,
                EchoServer::echoes,
                EchoServer::relays,
                EchoServer::unfinishedScripts,
                EchoServer::faults);

        for (Function<EchoServer, Object> getter : getters) {
            assertThat(getter.apply(remote)).isEqualTo(getter.apply(local));
        }
        assertSame(EchoServer::path);
        assertSame(server -> server.recording().total());
    }

    /** Calls both, and compares what they return or throw. */
    private void assertSame(Function<EchoServer, ?> call) {
        assertThat(result(remote, call)).isEqualTo(result(local, call));
    }

    private static String result(EchoServer server, Function<EchoServer, ?> call) {
        try {
            return String.valueOf(call.apply(server));
        } catch (RuntimeException | AssertionError thrown) {
            return thrown.toString();
        }
    }

    @Test
    void controlsConnects() throws Exception {
        start(EchoServer.builder());
        remote.refuse();
        assertRefused();
        remote.resume();
        converse("1");
        remote.refuse(Duration.ofMillis(1));
        remote.restart(Duration.ofMillis(1));
        remote.resume();
        converse("2");
        remote.unanswered();
        remote.resume();
        remote.acceptPending();

        assertThat(remote.counters().accepted()).isEqualTo(2);
        assertThat(remote.recording().serverTranscript())
                .isEqualTo(local.recording().serverTranscript())
                .contains("refuses connects", "restarts, and refuses connects for 1ms", "leaves connects unanswered");
    }

    private void assertRefused() {
        assertThatThrownBy(() -> client().close()).isInstanceOf(IOException.class);
    }

    @Test
    void controlsConnections() throws Exception {
        start(EchoServer.builder());
        try (Socket first = client();
                Socket second = client();
                Socket third = client()) {
            remote.acceptPending();
            remote.freeze();
            first.getOutputStream().write('x');
            remote.unfreeze();
            assertThat(first.getInputStream().read()).isEqualTo('x');
            remote.resetConnection(1);
            PlainSockets.assertReset(first);
            remote.resetConnection(1); // has ended
            remote.resetConnection(77);
            remote.closeConnections();
            assertThat(second.getInputStream().read()).isEqualTo(-1);
            assertThat(third.getInputStream().read()).isEqualTo(-1);
        }
        try (Socket fourth = client()) {
            remote.resetConnections();
            PlainSockets.assertReset(fourth);
        }
        assertThat(remote.recording().connections())
                .extracting(each -> each.ending().orElseThrow().why())
                .containsExactly(
                        "resetConnection(1)", "closeConnections()", "closeConnections()", "resetConnections()");
    }

    @Test
    void setsFaults() throws Exception {
        start(EchoServer.builder());
        try (Socket open = client()) {
            PlainSockets.echoes(open, "x");
            FaultPlan plan = FaultPlan.parse("others: reset after 4");
            remote.setFaults(plan);
            assertThat(local.faults()).isEqualTo(plan).isEqualTo(remote.faults());
            PlainSockets.echoes(open, "not for open connections");
            remote.setFaultsOfAll(plan);
            open.getOutputStream().write("12345".getBytes(ISO_8859_1));
            PlainSockets.assertReset(open);
        }
        assertThat(remote.recording().appliedFaults())
                .isEqualTo(local.recording().appliedFaults())
                .containsExactly(Fault.parse("reset after 4"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void refusesWhatTheServerRefuses(boolean alsoOpen) throws IOException {
        start(EchoServer.builder().bufferSize(4));
        FaultPlan tooGreat = FaultPlan.parse("duplicate 64");
        Function<EchoServer, Object> set = server -> {
            if (alsoOpen) {
                server.setFaultsOfAll(tooGreat);
            } else {
                server.setFaults(tooGreat);
            }
            return "";
        };

        assertSame(set);
        assertThat(result(remote, set)).startsWith("java.lang.IllegalArgumentException: ");
    }

    @Test
    void refusesPlanThatOnlyJavaCanState(@TempDir Path folder) throws IOException {
        start(EchoServer.builder());
        FaultPlan plan = new FaultPlan(List.of(
                new FaultPlan.Rule(Connections.from(address -> address.getPort() == 1), List.of(Fault.reset()))));

        assertThatThrownBy(() -> remote.setFaults(plan))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("name the connections by their numbers");
        assertThat(remote.faults()).isEqualTo(FaultPlan.none());
        local.setFaults(plan);
        assertThatThrownBy(() -> remote.faults())
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("plan of faults");
        remote.recording().writeHtml(folder.resolve("page.html"));
        assertThat(folder.resolve("page.html")).isNotEmptyFile();
    }

    @Test
    void sendsOnConnections() throws Exception {
        start(EchoServer.builder().script("connection 1: send \"a\", expect \"b\", expect fin"));
        try (Socket socket = client()) {
            ServedConnection connection = remote.connection(1);
            assertThat(connection.number()).isEqualTo(1);
            assertThat(connection.remote()).isEqualTo(local.connection(1).remote());
            byte[] large = new byte[200_000];
            large[199_999] = 'z';
            ByteBuffer bytes = ByteBuffer.wrap(large);
            FutureTask<Boolean> sending = Background.inThread("send", () -> {
                connection.send(bytes);
                return bytes.hasRemaining();
            });
            byte[] read = socket.getInputStream().readNBytes(200_001);
            assertThat(Background.result(sending)).isFalse();
            assertThat(read).endsWith(new byte[] {0, 'z'});
            connection.halfClose();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            assertThat(connection.isOpen()).isTrue();
            connection.reset();
            local.recording().connection(1).awaitEnd();
            assertThat(connection.isOpen()).isFalse();
            connection.reset(); // has ended
            connection.close();
            assertThatThrownBy(() -> connection.send(new byte[1])).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void namesConnectionsThatCannotBeUsed() throws IOException {
        start(EchoServer.builder());
        assertSame(server -> server.connection(0));
        assertSame(server -> server.connection(7));
        try (Socket socket = client()) {
            PlainSockets.echoes(socket, "x");
            assertSame(server -> server.connection(1));
        }
    }

    @Test
    void hasProblemsOfScript() throws Exception {
        start(EchoServer.builder().script("expect line \"é{x}\", expect \"more\""));
        try (Socket wrong = client();
                Socket left = client()) {
            wrong.getOutputStream().write("no\n".getBytes(ISO_8859_1));
            PlainSockets.assertReset(wrong);
            assertThat(remote.catchUp(Duration.ofSeconds(5))).isTrue();
            assertThat(remote.catchUp(Duration.ZERO)).isTrue();
            assertThat(remote.unfinishedScripts())
                    .isEqualTo(local.unfinishedScripts())
                    .hasSize(1);
            left.shutdownOutput();
            remote.recording().connection(2).awaitEnd();
        }
        assertThat(remote.scriptProblems()).isEqualTo(local.scriptProblems()).hasSize(2);
    }

    @Test
    void closeLeavesTheServerRunning() throws IOException {
        start(EchoServer.builder());
        remote.close();
        remote.close();

        assertThat(remote.isRunning()).isFalse();
        assertThat(local.isRunning()).isTrue();
        assertThatThrownBy(remote::refuse)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("EchoServer.connect connects again");
        converse("x");
    }

    @Test
    void awaitsTheCloseOfTheServer() throws Exception {
        start(EchoServer.builder());
        assertThat(remote.awaitClose(Duration.ZERO)).isFalse();
        assertThat(remote.awaitClose(Duration.ofMillis(5))).isFalse();
        FutureTask<Boolean> waiting = Background.inThread("awaitClose", () -> remote.awaitClose(Background.LONGEST));
        local.close();

        assertThat(Background.result(waiting)).isTrue();
        assertThat(remote.isRunning()).isFalse();
        assertThat(remote.addresses()).isEqualTo(local.addresses());
    }

    @Test
    void cannotBeStartedOrJoined() throws IOException {
        start(EchoServer.builder());

        assertThatThrownBy(remote::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("another process")
                .hasMessageContaining("EchoServer.builder()");
        assertThatThrownBy(() -> EchoServer.builder().control(remote, "second"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("another process");
        assertThat(remote.toString())
                .contains(
                        "127.0.0.1:" + local.port(),
                        local.controlUri().orElseThrow().toString())
                .doesNotContain(local.controlToken().orElseThrow());
    }

    @Test
    void findsServerById() throws IOException {
        start(EchoServer.builder());
        try (EchoServer second = EchoServer.builder().control(local, "second").start();
                EchoServer found = EchoServer.connect(
                        local.controlUri().orElseThrow(), local.controlToken().orElseThrow(), "second")) {
            assertThat(found.addresses()).isEqualTo(second.addresses());
            ThrowingCallable withoutId = () -> EchoServer.connect(
                    local.controlUri().orElseThrow(), local.controlToken().orElseThrow());
            assertThatThrownBy(withoutId)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("there are 2 servers at " + local.controlUri().orElseThrow()
                            + ": default, second; give the id of one of them");
        }
        assertThatThrownBy(() -> EchoServer.connect(
                        local.controlUri().orElseThrow(), local.controlToken().orElseThrow(), "third"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"third\"")
                .hasMessageContaining("there is default");
    }
}
