package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A server without a callback for its warnings prints them, and does not wait until they are read. */
@Timeout(120)
class DefaultWarningsTest {

    /** Takes nothing until the end of the test, as a full pipe does. */
    private static final class Unread extends OutputStream {
        private final CountDownLatch ended = new CountDownLatch(1);

        @Override
        public void write(int b) throws IOException {
            try {
                if (!ended.await(60, TimeUnit.SECONDS)) {
                    ended.countDown(); // so that a failing test ends
                }
            } catch (InterruptedException interrupted) {
                throw new InterruptedIOException();
            }
        }
    }

    /** Runs with a standard error that is not read. */
    private static void withUnreadErrors(Callable<Void> task) throws Exception {
        PrintStream before = System.err;
        Unread unread = new Unread();
        System.setErr(new PrintStream(unread, true));
        try {
            task.call();
        } finally {
            System.setErr(before);
            unread.ended.countDown();
        }
    }

    @Test
    void servesIfErrorsAreNotRead() throws Exception {
        withUnreadErrors(() -> {
            try (EchoServer server = EchoServer.builder().maxConnections(1).start();
                    Socket served = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(served, "before");
                assertThatThrownBy(() -> {
                            try (Socket rejected = PlainSockets.connect(server.address())) {
                                rejected.getInputStream().read();
                            }
                        })
                        .hasMessageContaining("reset");
                PlainSockets.echoes(served, "after a warning");
                for (int i = 0; i < 10_000; i++) {
                    server.core().loops().get(0).loop().post(() -> {
                        throw new IllegalStateException("boom");
                    });
                }
                PlainSockets.echoes(served, "after many");
            }
            return null;
        });
    }

    @Test
    void startsIfErrorsAreNotRead() throws Exception {
        withUnreadErrors(() -> {
            try (EchoServer server = EchoServer.builder().addresses("*:0").start();
                    Socket served = PlainSockets.connect(PlainSockets.at("127.0.0.1", server.port()))) {
                PlainSockets.echoes(served, "x");
                server.setFaults(FaultPlan.parse("random 1% seed 1: delay 1ms"));
                PlainSockets.echoes(served, "x");
            }
            return null;
        });
    }

    @Test
    void printsToCurrentErrorStream() throws Exception {
        PrintStream before = System.err;
        AwaitedLines first = new AwaitedLines();
        AwaitedLines second = new AwaitedLines();
        try (EchoServer server = EchoServer.builder().start()) {
            System.setErr(printingTo(first));
            server.setFaults(FaultPlan.parse("random 1% seed 1: reset"));
            System.setErr(printingTo(second));
            server.setFaults(FaultPlan.parse("random 1% seed 2: reset"));
        } finally {
            System.setErr(before);
        }
        first.await("echo server: faults: .*");
        second.await("echo server: faults: .*");
        assertThat(first.seen()).containsExactly("echo server: faults: random 1% seed 1: reset");
        assertThat(second.seen()).containsExactly("echo server: faults: random 1% seed 2: reset");
    }

    private static PrintStream printingTo(AwaitedLines lines) {
        return new PrintStream(System.out) {
            @Override
            public void println(String line) {
                lines.accept(line);
            }
        };
    }

    @Test
    void startsNoThreadWithoutWarning() throws Exception {
        for (Thread thread : LineBufferTest.threads()) {
            thread.join(60_000); // of other tests
        }
        try (EchoServer server = EchoServer.builder().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "x");
            assertThat(LineBufferTest.threads()).isEmpty();
        }
    }

    /** Warns often, and exits before the first line is printed. */
    static final class Exits {
        private Exits() {}

        public static void main(String[] args) throws IOException {
            CountDownLatch exiting = new CountDownLatch(1);
            Runtime.getRuntime().addShutdownHook(new Thread(exiting::countDown));
            PrintStream standard = System.err;
            System.setErr(new PrintStream(standard) {
                @Override
                public void println(String line) {
                    try {
                        exiting.await();
                    } catch (InterruptedException interrupted) {
                        throw new AssertionError(interrupted);
                    }
                    standard.println(line);
                }
            });
            try (EchoServer server = EchoServer.builder().start()) {
                for (int i = 0; i < 1_000; i++) {
                    server.setFaults(FaultPlan.parse("random 1% seed " + i + ": reset"));
                }
            }
            System.exit(3);
        }
    }

    @Test
    void printsAllBeforeExit() throws Exception {
        try (ForkedProcess process = new ForkedProcess(EchoProcess.program(List.of(), Exits.class))) {
            assertThat(process.awaitExit()).isEqualTo(3);
            assertThat(process.lines().seen())
                    .hasSize(1_000)
                    .last()
                    .isEqualTo("echo server: faults: random 1% seed 999: reset");
        }
    }

    /** Serves without printing a line. */
    static final class Serves {
        private Serves() {}

        public static void main(String[] args) throws Exception {
            try (EchoServer server = EchoServer.builder().start()) {
                System.out.println(server.port());
                Thread.currentThread().join();
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void warnsWithoutFreeFileDescriptor() throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 40; exec \"$@\"", "sh"));
        command.addAll(EchoProcess.program(List.of(), Serves.class));
        List<Socket> clients = new ArrayList<>();
        try (ForkedProcess server = new ForkedProcess(command)) {
            int port = Integer.parseInt(server.lines().await("\\d+"));
            for (int i = 0; i < 100; i++) {
                clients.add(PlainSockets.connect(PlainSockets.at("127.0.0.1", port)));
            }
            server.lines()
                    .await("echo server: cannot accept connections at 127.0.0.1:" + port
                            + ", trying again every 100ms: Too many open files");
            PlainSockets.echoes(clients.get(0), "an old connection goes on");
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }
}
