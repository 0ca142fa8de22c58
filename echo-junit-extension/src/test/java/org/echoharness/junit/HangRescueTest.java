package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.HangingFixtures.hang;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** A test whose time ends while it waits for a server; a plain socket ignores JUnit's interrupt. */
class HangRescueTest {

    private static List<String> reported(Throwable failure) {
        return Stream.of(failure.getSuppressed())
                .filter(EchoTranscript.class::isInstance)
                .map(Throwable::getMessage)
                .filter(text -> text.startsWith("the time"))
                .toList();
    }

    @EchoTest
    static class OfItsOwn {
        @Test
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        void hangs(EchoServer server, EchoClient unused) throws IOException {
            hang(server);
        }
    }

    @Test
    void freesBlockedReadAndReportsItsStack() throws IOException {
        Throwable failure = Run.of(OfItsOwn.class).failure();

        assertThat(failure)
                .isInstanceOf(TimeoutException.class)
                .hasMessageEndingWith(" timed out after 200 milliseconds");
        assertThat(reported(failure)).singleElement().asString().matches("""
                (?s)the time of thread "[^"]+" was up, and 2 connections are aborted:
                connection 1 from 127\\.0\\.0\\.1:\\d+, 0 bytes in, 0 out, open
                connection 2 from 127\\.0\\.0\\.1:\\d+, 8 bytes in, 8 out, open
                \tat .*HangingFixtures\\.hang.*""");
        assertThat(failure).hasStackTraceContaining("received 8 bytes \"anybody?\"");
    }

    @EchoTest
    static class InAThreadOfItsOwn {
        @Test
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS, threadMode = ThreadMode.SEPARATE_THREAD)
        void hangs(EchoServer server) throws IOException {
            hang(server);
        }
    }

    @EchoTest
    static class BeforeEachTest {
        @BeforeEach
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        void hangs(EchoServer server) throws IOException {
            hang(server);
        }

        @Test
        void test() {}
    }

    @EchoTest
    static class BeforeAllTests {
        @BeforeAll
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        static void hangs(EchoServer server) throws IOException {
            hang(server);
        }

        @Test
        void test() {}
    }

    @EchoTest(recording = "none")
    static class Unrecorded {
        @Test
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        void hangs(EchoServer server) throws IOException {
            hang(server);
        }
    }

    @Test
    void freesHangInAnyMethod() throws IOException {
        for (Class<?> fixture :
                List.of(InAThreadOfItsOwn.class, BeforeEachTest.class, BeforeAllTests.class, Unrecorded.class)) {
            assertThat(Run.of(fixture).failure())
                    .as(fixture.toString())
                    .isInstanceOf(TimeoutException.class)
                    .hasStackTraceContaining("HangingFixtures.hang");
        }
    }

    @EchoTest(faults = "stall")
    static class ConnectsAnew {
        @Test
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        void hangs(EchoServer server) {
            while (true) {
                try {
                    hang(server);
                } catch (ConnectException refused) {
                    return;
                } catch (IOException reset) {
                    // as a client that never gives up does
                }
            }
        }
    }

    @Test
    void reconnectedClientDoesNotHangAgain() throws IOException {
        assertThat(Run.of(ConnectsAnew.class).failure()).isInstanceOf(TimeoutException.class);
    }

    @EchoTest
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class OfTheClass {
        static EchoClient shared;

        @BeforeAll
        static void begin(EchoServer server, EchoClient client) {
            InjectedLog.server(server);
            shared = client;
        }

        @Test
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        void hangsAtFirst(EchoServer server) throws IOException {
            hang(server);
        }

        @Test
        void usesServerAfterHang(EchoClient client) throws IOException {
            InjectedLog.client(client);
            InjectedLog.client(shared);
        }
    }

    @Test
    void resetsOnlyOwnConnectionsOfSharedServer() throws IOException {
        Run run = Run.of(OfTheClass.class);

        Throwable failure = run.failure();
        assertThat(reported(failure))
                .singleElement()
                .asString()
                .contains("1 connection is aborted:\nconnection 2 from ");
        assertThat(run.results().testEvents().succeeded().count()).isEqualTo(1);
    }

    @EchoTest
    static class OnAnOlderConnection {
        static Socket shared;

        @BeforeAll
        static void begin(EchoServer server) throws IOException {
            shared = new Socket(server.address().getAddress(), server.port());
        }

        @Test
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        void hangs() throws IOException {
            try (Socket open = shared) {
                open.getInputStream().read();
            }
        }
    }

    @Test
    void resetsOlderConnectionIfTestHasNone() throws IOException {
        assertThat(reported(Run.of(OnAnOlderConnection.class).failure()))
                .singleElement()
                .asString()
                .contains("1 connection is aborted:\nconnection 1 from ");
    }

    @EchoTest
    static class Elsewhere {
        @Test
        @Timeout(value = 200, unit = TimeUnit.MILLISECONDS)
        @SuppressWarnings("WaitNotInLoop")
        void hangs() throws InterruptedException {
            synchronized (this) {
                wait();
            }
        }
    }

    @Test
    void ignoresTestWithoutServer() throws IOException {
        assertThat(reported(Run.of(Elsewhere.class).failure())).isEmpty();
    }
}
