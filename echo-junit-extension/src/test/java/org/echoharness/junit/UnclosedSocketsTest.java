package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.LeakyFixtures.CLOSE_IT;
import static org.echoharness.junit.LeakyFixtures.complaint;
import static org.echoharness.junit.LeakyFixtures.connect;
import static org.echoharness.junit.LeakyFixtures.echoes;
import static org.echoharness.junit.LeakyFixtures.keepOpen;
import static org.echoharness.junit.LeakyFixtures.on;

import java.io.Closeable;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Client sockets that a test leaves open though the server has ended their connections. */
@EnabledOnOs(OS.LINUX)
class UnclosedSocketsTest {

    private static final String AFTER = " open after the server had closed it" + CLOSE_IT;

    @AfterEach
    void closeWhatFixturesLeave() throws IOException {
        LeakyFixtures.closeAll();
    }

    /** Reads to the end of the stream, which the server closed. */
    private static Socket closedByServer(EchoServer server) throws Exception {
        Socket socket = connect(server);
        socket.getOutputStream().write(new byte[3]);
        socket.getInputStream().readAllBytes();
        for (RecordedConnection connection : server.recording().openConnections()) {
            connection.awaitEnd(Duration.ofSeconds(50)); // the server waits for the acknowledgement of its FIN
        }
        return socket;
    }

    @EchoTest(faults = "close after 3", readTimeout = "200ms")
    static class ByFault {
        @Test
        void leaves(EchoServer server) throws Exception {
            keepOpen(closedByServer(server));
        }
    }

    @EchoTest(addresses = "[::1]:0", faults = "close after 3", readTimeout = "200ms")
    static class OverIpv6 extends ByFault {}

    @EchoTest(readTimeout = "200ms")
    static class ByControl {
        @Test
        void leaves(EchoServer server) throws IOException {
            Socket socket = connect(server);
            echoes(socket);
            server.closeConnections();
            keepOpen(socket);
        }
    }

    @EchoTest(readTimeout = "200ms")
    static class ByControlAndClosedServer {
        @Test
        void leaves(EchoServer server) throws IOException {
            Socket socket = connect(server);
            server.closeConnections();
            server.close();
            keepOpen(socket);
        }
    }

    @EchoTest(readTimeout = "200ms")
    static class HalfClosed {
        @Test
        void leaves(EchoServer server) throws Exception {
            Socket socket = connect(server);
            server.closeConnections();
            socket.getInputStream().readAllBytes();
            socket.shutdownInput();
            keepOpen(socket);
        }
    }

    @ParameterizedTest
    @ValueSource(
            classes = {ByFault.class, OverIpv6.class, ByControl.class, ByControlAndClosedServer.class, HalfClosed.class
            })
    void findsSocketLeftOpenAfterServerClosed(Class<?> fixture) throws IOException {
        assertThat(complaint(Run.of(fixture)).replaceAll("\\[.*\\]:\\d+", "HOST:PORT"))
                .isEqualTo(on(fixture) + "the test left its socket of connection 1 from HOST:PORT" + AFTER);
    }

    @EchoTest(faults = "close after 3")
    static class Closes {
        @RepeatedTest(20)
        void closes(EchoServer server) throws Exception {
            closedByServer(server).close();
        }

        @Test
        void closesLate(EchoServer server) throws Exception {
            Socket socket = closedByServer(server);
            Thread test = Thread.currentThread();
            Thread late = new Thread(() -> closeWhenLookedFor(socket, test));
            late.setDaemon(true);
            late.start();
        }

        /** Waits until the check has found the socket and pauses before it looks again. */
        private static void closeWhenLookedFor(Socket socket, Thread test) {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(50);
            List<String> resting = List.of("unclosed", "parkNanos");
            while (System.nanoTime() - deadline < 0
                    && !Stream.of(test.getStackTrace())
                            .map(StackTraceElement::getMethodName)
                            .toList()
                            .containsAll(resting)) {
                Thread.onSpinWait();
            }
            close(socket);
        }

        @Test
        void leavesInjectedClientOpen(EchoClient injected) throws IOException {
            injected.send(new byte[3]);
            injected.receive(3);
        }

        @Test
        @EchoTest
        void resetsConnection(EchoServer server) throws IOException {
            Socket socket = connect(server);
            echoes(socket);
            server.resetConnections();
            keepOpen(socket); // which the check cannot see
        }

        private static void close(Socket socket) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void acceptsSocketsClosedInTime() throws IOException {
        Run.of(Closes.class).passed(23);
    }

    @EchoTest(faults = "close after 3", readTimeout = "5s", checks = "leaks", scope = EchoScope.CLASS)
    static class SharedAndFaulty {
        @Test
        void leaves(EchoServer server) throws Exception {
            Socket socket = connect(server);
            socket.getOutputStream().write(new byte[3]);
            keepOpen(socket);
        }
    }

    @Test
    void failsTestOfSocketClosedByFault() throws IOException {
        Run run = Run.of(SharedAndFaulty.class);

        assertThat(complaint(run))
                .isEqualTo(
                        on(SharedAndFaulty.class) + "the test left its socket of connection 1 from HOST:PORT" + AFTER);
        assertThat(run.results().testEvents().succeeded().count()).isZero();
    }

    @EchoTest(readTimeout = "200ms", checks = "leaks")
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class Shared {
        static Socket pool;

        @BeforeAll
        static void begin(EchoServer server) throws IOException {
            pool = connect(server);
            keepOpen(pool);
        }

        @Test
        void leavesSocketOpen(EchoServer server) throws IOException {
            keepOpen(connect(server));
            server.closeConnections();
        }

        @Test
        void passes(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                echoes(socket);
            }
        }
    }

    @Test
    void failsTestThatLeftSocketOpen() throws IOException {
        Run run = Run.of(Shared.class);

        assertThat(complaint(run))
                .isEqualTo(on(Shared.class) + "the test left its socket of connection 2 from HOST:PORT" + AFTER);
        assertThat(run.results().testEvents().succeeded().count()).isEqualTo(1);
    }

    /** Leaves a socket open, and in the second run also takes every descriptor, so that no list can be read. */
    @EchoTest(faults = "close after 3", readTimeout = "200ms", checks = "leaks")
    static class TakesDescriptors {
        private static final List<Closeable> TAKEN = new ArrayList<>();
        private static boolean isSecond;

        @Test
        void leaves(EchoServer server) throws Exception {
            keepOpen(closedByServer(server));
            // The server closes its end of the connection now, so that this gives no descriptor back later.
            server.catchUp(Duration.ofSeconds(10));
            if (isSecond) {
                takeAll();
            }
        }

        private static void takeAll() {
            try {
                while (true) {
                    TAKEN.add(new FileInputStream("/proc/self/cmdline"));
                }
            } catch (IOException noneLeft) {
                // as wanted
            }
        }

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) throws IOException {
            Run.of(TakesDescriptors.class); // loads classes, which needs descriptors
            isSecond = true;
            Run run = Run.of(TakesDescriptors.class);
            for (Closeable each : TAKEN) {
                each.close();
            }
            run.failures().forEach(failure -> System.out.println("FAILED: " + failure.getMessage()));
            LeakyFixtures.closeAll();
        }
    }

    @Test
    void cannotJudgeWithoutDescriptors() throws Exception {
        String classPath = Stream.of("java.class.path", "jdk.module.path")
                .map(name -> System.getProperty(name, ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
        List<Path> homes = List.of(
                ForkedProcess.home(UnclosedSocketsTest.class), ForkedProcess.home(EchoTest.class), Path.of(classPath));
        List<String> java =
                ForkedProcess.java(List.of("-XX:TieredStopAtLevel=1"), homes, TakesDescriptors.class.getName());
        List<String> limited = List.of("sh", "-c", "ulimit -n 256 && exec \"$@\"", "sh");
        try (ForkedProcess process = new ForkedProcess(ForkedProcess.by(limited, java))) {
            assertThat(process.awaitExit()).as("%s", process.lines().seen()).isZero();
            assertThat(process.lines().matching("FAILED: .*"))
                    .singleElement()
                    .asString() // a descriptor may be free for one of the two lists
                    .matches(Pattern.quote("FAILED: " + on(TakesDescriptors.class)
                                    + "leaks could not be judged: the list of this process's sockets cannot be read: ")
                            + "/proc/self/(net/tcp|fd).*Too many open files.*; close what the test has opened, or leave"
                            + " leaks out of checks");
        }
    }
}
