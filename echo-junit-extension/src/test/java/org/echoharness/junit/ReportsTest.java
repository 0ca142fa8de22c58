package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.HangingFixtures.hang;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every failure reports the conversation, also one in a lifecycle method or in a dynamic test. */
class ReportsTest {

    @AfterEach
    void closeWhatFixturesLeave() throws IOException {
        LeakyFixtures.closeAll();
    }

    private static Stream<String> transcripts(Throwable failure) {
        return Stream.of(failure.getSuppressed())
                .filter(EchoTranscript.class::isInstance)
                .map(Throwable::getMessage)
                .filter(text -> !text.startsWith("the conversation could not be written"));
    }

    @EchoTest
    static class BeforeAllHangs {
        @BeforeAll
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        static void hangs(EchoServer server) throws IOException {
            hang(server);
        }

        @Test
        void test() {}
    }

    @EchoTest
    static class AfterAllHangs {
        @AfterAll
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        static void hangs(EchoServer server) throws IOException {
            hang(server);
        }

        @Test
        void test() {}
    }

    @ParameterizedTest
    @ValueSource(classes = {BeforeAllHangs.class, AfterAllHangs.class})
    void reportsHangOfLifecycleMethod(Class<?> fixture) throws IOException {
        Throwable failure = Run.of(fixture).failure();

        assertThat(failure).isInstanceOf(TimeoutException.class);
        assertThat(transcripts(failure))
                .anyMatch(text -> text.startsWith("the time of thread") && text.contains("HangingFixtures.hang"))
                .anyMatch(text -> text.startsWith("server \"default\"") && text.contains("\"anybody?\""));
    }

    @EchoTest
    static class BeforeAllFails {
        @BeforeAll
        static void fails(EchoClient client) throws IOException {
            client.expectEcho("mine".getBytes(UTF_8));
            throw new IllegalStateException("on purpose");
        }

        @Test
        void test() {}
    }

    @EchoTest
    static class AfterAllFails {
        @AfterAll
        static void fails(EchoClient client) throws IOException {
            client.expectEcho("mine".getBytes(UTF_8));
            throw new IllegalStateException("on purpose");
        }

        @Test
        void test() {}
    }

    @ParameterizedTest
    @ValueSource(classes = {BeforeAllFails.class, AfterAllFails.class})
    void reportsFailureOfLifecycleMethod(Class<?> fixture) throws IOException {
        assertThat(transcripts(Run.of(fixture).failure()))
                .singleElement()
                .asString()
                .contains("\"mine\"");
    }

    /** The server's thread goes on only when the report waits for it. */
    static class FailsBeforeTheEcho {
        private static volatile Thread testing;

        @RegisterExtension
        static final EchoExtension SERVER = EchoExtension.builder()
                .server(server -> server.conversation(FailsBeforeTheEcho::isSlow))
                .build();

        private static void isSlow(String line) {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (line.startsWith("received") && !reports() && System.nanoTime() - deadline < 0) {
                Thread.onSpinWait();
            }
        }

        private static boolean reports() {
            Thread thread = testing;
            return thread != null
                    && Stream.of(thread.getStackTrace())
                            .anyMatch(frame -> frame.getMethodName().equals("catchUp"));
        }

        @Test
        void fails(EchoServer server) throws Exception {
            testing = Thread.currentThread();
            Socket socket = LeakyFixtures.connect(server);
            LeakyFixtures.keepOpen(socket);
            socket.getOutputStream().write("late".getBytes(UTF_8));
            server.recording().awaitConnections(1).get(0).awaitReceived("late".getBytes(UTF_8));
            throw new IllegalStateException("on purpose");
        }
    }

    @Test
    void reportsBytesWaitingToBeSent() throws IOException {
        assertThat(transcripts(Run.of(FailsBeforeTheEcho.class).failure()))
                .singleElement()
                .asString()
                .contains("received 4 bytes \"late\"", "sending 4 bytes \"late\"");
    }

    @EchoTest
    static class Dynamic {
        @TestFactory
        List<DynamicNode> tests(EchoServer server) {
            return List.of(
                    DynamicTest.dynamicTest("passes", () -> {
                        try (EchoClient client = EchoClient.connect(server.address())) {
                            client.expectEcho("of another test".getBytes(UTF_8));
                        }
                        server.recording().connection(1).awaitEnd();
                    }),
                    DynamicContainer.dynamicContainer("inside", List.of(DynamicTest.dynamicTest("fails", () -> {
                        LeakyFixtures.leak(server);
                        throw new IllegalStateException("on purpose");
                    }))));
        }
    }

    @Test
    void reportsFailureOfDynamicTest() throws IOException {
        assertThat(transcripts(Run.of(Dynamic.class).failure()))
                .singleElement()
                .asString()
                .contains("connection 2 from ", "\"hello\"")
                .doesNotContain("of another test");
    }

    @EchoTest(faults = "stall", readTimeout = "200ms")
    static class LeaksBehindAFault {
        @Test
        void leaves(EchoServer server) throws Exception {
            Socket socket = LeakyFixtures.connect(server);
            socket.getOutputStream().write("hello".getBytes(UTF_8));
            LeakyFixtures.keepOpen(socket);
            server.catchUp(java.time.Duration.ofSeconds(50));
        }
    }

    @Test
    void marksBytesSentByLeakCheck() throws IOException {
        assertThat(transcripts(Run.of(LeaksBehindAFault.class).failure()))
                .singleElement()
                .asString()
                .containsSubsequence("applying stall", "note: the test is over", "sending 5 bytes \"hello\"");
    }
}
