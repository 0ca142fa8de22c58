package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.FaultPlan;
import org.echoharness.HostAndPort;
import org.echoharness.Recording;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What tests can do with external servers that have control: as much as with embedded ones. The servers "of another process"
 * are the test's own.
 */
class ExternalServersTest {

    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    private static EchoServer server;
    private static EchoServer second;
    private static String url;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() throws IOException {
        server = EchoServer.builder().control("127.0.0.1:0").start();
        second = EchoServer.builder().control(server, "second").start();
        url = server.controlUri().orElseThrow() + "#token=" + token();
    }

    @AfterAll
    static void close() {
        second.close();
        server.close();
    }

    /** After each test the servers are as before. */
    @AfterEach
    void hasTakenAllBack() throws IOException {
        for (EchoServer each : List.of(server, second)) {
            assertThat(each.faults()).isEqualTo(FaultPlan.none());
            try (EchoClient client = EchoClient.connect(each.address())) {
                assertThat(client.echo("after".getBytes(UTF_8))).asString().isEqualTo("after");
            }
        }
    }

    private static String token() {
        return server.controlToken().orElseThrow();
    }

    private static Run run(Class<?>... fixtures) {
        return run(Map.of(), fixtures);
    }

    private static Run run(Map<String, String> more, Class<?>... fixtures) {
        Map<String, String> configuration = new HashMap<>(Map.of("echo.source", "EXTERNAL", "echo.control.url", url));
        configuration.putAll(more);
        configuration.values().removeIf(String::isEmpty);
        return Run.with(configuration, fixtures);
    }

    private static void passes(Run run, int tests) {
        assertThat(run.failures()).isEmpty();
        assertThat(run.results().testEvents().succeeded().count()).isEqualTo(tests);
        assertThat(run.reported()).isEmpty();
    }

    @EchoTest(faults = "connection 1: reset after 4", bufferSize = "16", maxConnections = "1")
    static class WholeServer {
        @Echo
        EchoServer field;

        @Test
        void test(EchoServer injected, Recording recording, EchoClient client) throws Exception {
            assertThat(injected).isSameAs(field).hasToString(field.toString()).isNotSameAs(server);
            assertThat(injected.address()).isEqualTo(server.address());
            assertThat(client.remoteAddress()).isEqualTo(server.address());
            assertThat(injected.faults()).hasToString("connection 1: reset after 4");
            injected.setFaults(FaultPlan.none());
            client.send("hello".getBytes(UTF_8));
            recording.connection(1).awaitEnd();
            assertThat(recording.appliedFaults()).hasSize(1);
            assertThat(injected.counters().accepted()).isEqualTo(1);
        }
    }

    @Test
    void injectsServerWithOptionsOfDeclaration() {
        passes(run(WholeServer.class), 1);
    }

    @EchoTest(faults = "delay 1ms", scope = EchoScope.CLASS)
    static class Inner {
        @Test
        void ofClass(EchoServer outer) {
            assertThat(outer.faults()).hasToString("delay 1ms");
        }

        @Test
        @EchoTest(faults = "delay 2ms")
        void ofMethod(EchoServer inner, EchoClient client) throws IOException {
            assertThat(inner.faults()).hasToString("delay 2ms");
            assertThat(client.echo("in".getBytes(UTF_8))).asString().isEqualTo("in");
            inner.recording().assertConnections(1);
        }

        @Nested
        @EchoTest(faults = "delay 3ms", scope = EchoScope.CLASS)
        class Deeper {
            @Test
            void ofNestedClass(EchoServer inner, EchoClient client) throws IOException {
                assertThat(inner.faults()).hasToString("delay 3ms");
                assertThat(client.echo("in".getBytes(UTF_8))).asString().isEqualTo("in");
            }
        }
    }

    @Test
    void innerDeclarationOfSameNameHasSessionOfItsOwn() {
        passes(run(Inner.class), 3);
    }

    @EchoTest
    @EchoTest(name = "second", script = "expect line 'PING', send 'PONG\\n'")
    static class Two {
        @Test
        void test(@Echo("default") EchoClient first, @Echo("second") EchoClient other) throws IOException {
            assertThat(first.echo("echo".getBytes(UTF_8))).asString().isEqualTo("echo");
            other.send("PING\n".getBytes(UTF_8));
            assertThat(new String(other.receive(5), UTF_8)).isEqualTo("PONG\n");
        }
    }

    @Test
    void serversHaveTheirNames() {
        passes(run(Two.class), 1);
    }

    @EchoTest
    static class Refuses {
        @Test
        void test(EchoServer server) {
            server.refuse();
            server.freeze();
        }
    }

    @Test
    void controlsOfTestEndWithIt() {
        passes(run(Refuses.class), 1);
    }

    @EchoTest
    @Execution(ExecutionMode.CONCURRENT)
    static class AtOnce {
        @RepeatedTest(20)
        void hasServerForItself(EchoServer server, EchoClient client) throws IOException {
            assertThat(client.echo("mine".getBytes(UTF_8))).asString().isEqualTo("mine");
            server.recording().assertConnections(1);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    static class AtOnceToo extends AtOnce {}

    @Test
    void parallelTestsTakeTurns() {
        passes(
                run(
                        Map.of(
                                "junit.jupiter.execution.parallel.enabled",
                                "true",
                                "junit.jupiter.execution.parallel.mode.classes.default",
                                "concurrent",
                                "junit.jupiter.execution.parallel.config.strategy",
                                "fixed",
                                "junit.jupiter.execution.parallel.config.fixed.parallelism",
                                "40"), // the interface lets 32 requests wait
                        AtOnce.class,
                        AtOnceToo.class),
                40);
    }

    @EchoTest(checks = "leaks", readTimeout = "200ms")
    static class Leaking {
        @Test
        void test(EchoServer server) throws IOException {
            LeakyFixtures.leak(server);
        }
    }

    @Test
    void findsLeak() throws IOException {
        try {
            assertThat(run(Leaking.class).failures())
                    .singleElement()
                    .asString()
                    .contains("the test left connection 1 from");
        } finally {
            LeakyFixtures.closeAll();
        }
    }

    @EchoTest
    static class Uses {
        @Test
        void test(EchoServer server) {}
    }

    @EchoTest(name = "third")
    static class Third {
        @Test
        void test(@Echo("third") EchoServer server) {}
    }

    private static void fails(Run run, String... parts) {
        assertThat(run.failures()).hasSize(1);
        assertThat(run.failures().get(0).toString()).contains(parts).doesNotContain(token(), SECRET);
    }

    @Test
    void unknownNameIsRefusedWithThoseThatAreThere() {
        fails(
                run(Third.class),
                "server \"third\"",
                "there is no server \"third\" at " + server.controlUri().orElseThrow() + "; there is default, second",
                "echo.control.url");
    }

    @Test
    void wrongTokenIsRefusedWithoutShowingIt() {
        fails(
                run(Map.of("echo.control.url", server.controlUri().orElseThrow() + "#token=" + SECRET), Uses.class),
                server.controlUri().orElseThrow().toString(),
                "token",
                "echo.control.url");
    }

    @Test
    void missingTokenIsNamed() {
        fails(
                run(Map.of("echo.control.url", "http://127.0.0.1:1/"), Uses.class),
                "the configuration parameter echo.control.url has no token; append #token=TOKEN",
                "echo.control.token");
    }

    @Test
    void tokenCanBeParameterOfItsOwn() {
        passes(
                run(
                        Map.of(
                                "echo.control.url",
                                server.controlUri().orElseThrow().toString(),
                                "echo.control.token",
                                token()),
                        Uses.class),
                1);
    }

    @Test
    void malformedUrlIsNamedWithoutToken() {
        for (String wrong : List.of("127.0.0.1:1", "https://127.0.0.1:1/", "http://", "http://a b/", "http:x")) {
            fails(
                    run(Map.of("echo.control.url", wrong + "#token=" + SECRET), Uses.class),
                    "echo.control.url (" + wrong + ") must be a URL such as http://127.0.0.1:40124/#token=TOKEN");
        }
    }

    @Test
    void wrongSourceIsNamed() {
        fails(
                run(Map.of("echo.source", "external"), Uses.class),
                "the configuration parameter echo.source (external) must be EMBEDDED, EXTERNAL or EXTERNAL_OR_EMBEDDED");
    }

    @Test
    void goneServerIsNamed() throws IOException {
        EchoServer gone = EchoServer.builder().control("127.0.0.1:0").start();
        String at = gone.controlUri().orElseThrow() + "#token="
                + gone.controlToken().orElseThrow();
        gone.close();
        fails(
                run(Map.of("echo.control.url", at), Uses.class),
                gone.controlUri().orElseThrow().toString(),
                "echo.control.url");
        Run run = run(Map.of("echo.control.url", at, "echo.source", "EXTERNAL_OR_EMBEDDED"), Uses.class);
        assertThat(run.failures()).isEmpty();
        assertThat(run.reported()).singleElement().asString().startsWith("{echo.server.default=embedded: ");
    }

    @EchoTest
    static class Ends {
        static EchoServer elsewhere;

        @Test
        void test(EchoServer session, EchoClient client) throws IOException {
            assertThat(client.echo("before".getBytes(UTF_8))).asString().isEqualTo("before");
            elsewhere.close();
            session.freeze();
        }
    }

    @Test
    void serverThatGoesDuringTestIsNamed() throws IOException {
        Ends.elsewhere = EchoServer.builder().control("127.0.0.1:0").start();
        String at = Ends.elsewhere.controlUri().orElseThrow() + "#token="
                + Ends.elsewhere.controlToken().orElseThrow();
        fails(
                run(Map.of("echo.control.url", at), Ends.class),
                Ends.elsewhere.controlUri().orElseThrow().toString());
    }

    @Test
    void findsControlInFile() throws IOException {
        Path file = folder.resolve("servers.properties");
        Files.write(
                file,
                List.of(
                        "echo.server.default.address=" + HostAndPort.of(server.address()),
                        "echo.control.url=" + server.controlUri().orElseThrow(),
                        "echo.control.token=" + token()));
        passes(run(Map.of("echo.control.url", "", "echo.servers.file", file.toString()), WholeServerAgain.class), 1);
    }

    @EchoTest(faults = "delay 1ms")
    static class WholeServerAgain {
        @Test
        void test(EchoServer injected, EchoClient client) throws IOException {
            assertThat(client.echo("hello".getBytes(UTF_8))).asString().isEqualTo("hello");
            assertThat(injected.recording().connection(1).received()).asString().isEqualTo("hello");
        }
    }

    @EchoTest(faults = "delay 1ms", source = Source.EXTERNAL)
    static class NeedsControl {
        @Test
        void test(EchoClient client) {}
    }

    @Test
    void withoutControlDeclarationIsRefused() {
        Map<String, String> addressOnly = Map.of(
                "echo.control.url",
                "",
                "echo.server.default.address",
                HostAndPort.of(server.address()).toString());
        fails(
                run(addressOnly, NeedsControl.class),
                "it is external, and takes no faults, since it has no control",
                "start it with the option control");
        fails(run(addressOnly, Uses.class), "it is external, and has no control by which its EchoServer");
    }

    @Test
    void controlIsNotThatOfOtherAddress() throws IOException {
        try (EchoServer other = EchoServer.builder().start()) {
            Elsewhere.extension = HostAndPort.of(other.address()).toString();
            fails(
                    run(ByAddress.class),
                    "it is external, and has no control",
                    "the server \"default\" at " + server.controlUri().orElseThrow() + " has another address");
        }
    }

    /** Where {@link ByAddress} expects its server. */
    static final class Elsewhere {
        static String extension = "127.0.0.1:1";

        private Elsewhere() {}
    }

    static class ByAddress {
        @RegisterExtension
        final EchoExtension extension = EchoExtension.builder()
                .source(Source.EXTERNAL)
                .external(Elsewhere.extension)
                .build();

        @Test
        void test(EchoServer server) {}
    }

    @Test
    void stubbornClientLeavesWithTest() throws IOException {
        passes(run(HoldsConnection.class), 1);
        assertThat(HoldsConnection.socket.getInputStream().read()).isEqualTo(-1);
        HoldsConnection.socket.close();
    }

    @EchoTest(checks = "none")
    static class HoldsConnection {
        static Socket socket;

        @Test
        void test(EchoServer server) throws IOException {
            socket = LeakyFixtures.connect(server);
            server.closeConnections();
        }
    }
}
