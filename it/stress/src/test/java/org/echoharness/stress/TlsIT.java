package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.RecordedConnection;
import org.echoharness.support.Background;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.io.TempDir;

/** Many handshakes, handshakes beside an echo, ends under load, and TLS where memory or descriptors are short. */
class TlsIT {

    private static final List<String> PROTOCOLS = List.of("TLSv1.2", "TLSv1.3");
    private static final int TIMEOUT_MILLIS = 30_000;

    private static SSLSocket over(Socket below, SSLContext context, String protocol) throws IOException {
        below.setSoTimeout(TIMEOUT_MILLIS);
        below.setTcpNoDelay(true);
        SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(below, "localhost", below.getPort(), true);
        socket.setEnabledProtocols(new String[] {protocol});
        return socket;
    }

    /** The handshake is a full one if the one before had another protocol: the client knows one session for a server. */
    private static void handshakeEchoClose(EchoServer server, String protocol) throws IOException {
        try (SSLSocket socket = over(PlainSockets.connect(server.address()), server.sslContext(), protocol)) {
            PlainSockets.echoes(socket, "hello over TLS");
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Stress(
            row = "TLS: 10,000 handshakes, 1.2 and 1.3 in turn",
            pass = "0 errors; fds, threads, memory at the baseline")
    void handshakesInTurn(Row row) throws Exception {
        int count = row.scaled(10_000);
        handshakes(200);
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        int threads = Usage.threads();
        long heap = Usage.heap();
        long start = System.nanoTime();
        handshakes(count);
        row.figure("%d handshakes, 0 errors, %.0f a second", count, count / Background.secondsSince(start));
        // what has waited last keeps its server, and so the sessions that the JDK caches, until something else waits
        long more = Waiting.await("heap").until(() -> Usage.heap() - heap, bytes -> bytes < 4L * PlainSockets.MIB);
        row.figure("heap %+d KiB", more / PlainSockets.KIB);
        Usage.awaitFiles(row, files, threads);
        Waiting.await("threads").until(Usage::threads, now -> now <= threads + 2); // those of handshakes end after 5 s
    }

    private static void handshakes(int count) throws Exception {
        try (EchoServer server = EchoServer.builder().tls("self-signed").start()) {
            for (int i = 0; i < count; i++) {
                handshakeEchoClose(server, PROTOCOLS.get(i % 2));
            }
            Waiting.await("accepted").until(() -> server.counters().accepted(), accepted -> accepted == count);
            assertThat(server.counters().failed() + server.counters().reset()).isZero();
        }
    }

    @Stress(row = "TLS: handshakes of 8 clients beside an established connection", pass = "it echoes all the time")
    void floodLeavesEstablishedConnection(Row row) throws Exception {
        Duration window = row.scaled(Duration.ofSeconds(20));
        AtomicBoolean ends = new AtomicBoolean();
        AtomicInteger done = new AtomicInteger();
        try (EchoServer server = EchoServer.builder().tls("self-signed").start();
                SSLSocket socket =
                        over(PlainSockets.connect(server.address()), server.sslContext(), PROTOCOLS.get(1))) {
            PlainSockets.echoes(socket, "before");
            List<FutureTask<Integer>> flood = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String protocol = PROTOCOLS.get(i % 2);
                flood.add(Background.inThread("flood", () -> {
                    while (!ends.get()) {
                        handshakeEchoClose(server, protocol);
                        done.incrementAndGet();
                    }
                    return 0;
                }));
            }
            double longest = 0;
            int echoes = 0;
            long start = System.nanoTime();
            while (Background.secondsSince(start) < window.toMillis() / 1e3) {
                long before = System.nanoTime();
                PlainSockets.echoes(socket, "beside");
                longest = Math.max(longest, Background.secondsSince(before));
                echoes++;
            }
            ends.set(true);
            for (FutureTask<Integer> each : flood) {
                Background.result(each);
            }
            row.figure("%d handshakes, %d echoes, longest %.0f ms", done.get(), echoes, 1_000 * longest);
            assertThat(done.get()).isPositive();
            assertThat(longest).as("seconds of an echo").isLessThan(2);
        }
    }

    @Stress(
            row = "TLS: close and restart in turn under load, 200 times, 16 connections, 1.2 and 1.3",
            pass = "< 1 s each; no hung client; clean end only after a whole echo; fds at the baseline")
    @SuppressWarnings("try") // what close() does is what is tested
    void closeCutsNoEcho(Row row) throws Exception {
        int rounds = row.scaled(200);
        long seed = row.seed();
        Random random = new Random(seed);
        Payload payload = new Payload(seed);
        handshakes(2);
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        int threads = Usage.threads();
        Map<Crowd.End, Integer> ends = new EnumMap<>(Crowd.End.class);
        double longest = 0;
        for (int round = 0; round < rounds; round++) {
            long share = 1L + random.nextInt(256 * PlainSockets.KIB);
            long moment = (long) (random.nextDouble() * 16 * share);
            try (EchoServer server = EchoServer.builder()
                            .tls("self-signed")
                            .eventLoops(1 + round % 2)
                            .start();
                    TlsCrowd crowd = new TlsCrowd(shakenHands(server, 16), payload, share)) {
                FutureTask<Map<Crowd.End, Integer>> talk = crowd.talk();
                while (crowd.received() < moment && !talk.isDone()) {
                    LockSupport.parkNanos(20_000);
                }
                long start = System.nanoTime();
                if (round % 4 < 2) {
                    server.close();
                } else {
                    server.restart(Duration.ofMinutes(1));
                    server.resume();
                }
                longest = Math.max(longest, Background.secondsSince(start));
                Background.result(talk).forEach((end, count) -> ends.merge(end, count, Integer::sum));
                if (server.isRunning()) {
                    handshakeEchoClose(server, PROTOCOLS.get(round % 2));
                }
            }
        }
        row.figure("%d times, longest %.3f s", rounds, longest);
        row.figure("clients: %s", ends);
        Usage.awaitFiles(row, files, threads);
        assertThat(ends).doesNotContainKeys(Crowd.End.CUT, Crowd.End.WRONG, Crowd.End.HUNG);
        assertThat(ends).containsKeys(Crowd.End.WHOLE, Crowd.End.RESET);
        assertThat(longest).as("seconds of a close or restart").isLessThan(1);
    }

    private static List<SSLSocket> shakenHands(EchoServer server, int count) throws IOException {
        List<SSLSocket> sockets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sockets.add(over(PlainSockets.connect(server.address()), server.sslContext(), PROTOCOLS.get(i % 2)));
            sockets.get(i).startHandshake();
        }
        return sockets;
    }

    @Stress(row = "TLS: FIN without close_notify, 1,000 times, 1.2 and 1.3", pass = "never a clean end")
    void truncationIsNeverCleanEnd(Row row) throws Exception {
        int count = row.scaled(1_000);
        try (EchoServer server =
                EchoServer.builder().tls("self-signed").recording(64, count).start()) {
            for (int i = 0; i < count; i++) {
                try (Socket below = PlainSockets.connect(server.address())) {
                    SSLSocket socket = over(below, server.sslContext(), PROTOCOLS.get(i % 2));
                    PlainSockets.echoes(socket, "cut after this");
                    below.shutdownOutput();
                    String next = PlainSockets.nextRead(below);
                    while (next.equals("data")) { // session tickets
                        next = PlainSockets.nextRead(below);
                    }
                    assertThat(next).isEqualTo("reset");
                }
            }
            int truncated = 0;
            for (RecordedConnection each : server.recording().awaitConnections(count)) {
                Ending ending = each.awaitEnd().ending().orElseThrow();
                truncated += ending.how() == Ending.How.RST && ending.why().contains("truncated") ? 1 : 0;
            }
            row.figure("%d of %d reported", truncated, count);
            assertThat(truncated).isEqualTo(count);
        }
    }

    @Stress(row = "TLS: heap of 32 MiB, 500 connections", pass = "all echo; SIGTERM ends it, 143")
    void servesInSmallHeap(Row row, @TempDir Path folder) throws Exception {
        assumeTrue(ForkedProcess.works(List.of("kill", "-l")), "no kill here");
        int count = row.scaled(500);
        Path file = folder.resolve("echo.pem");
        List<SSLSocket> held = new ArrayList<>();
        try (ForkedProcess server = new ForkedProcess(command(List.of("-Xmx32m"), file))) {
            InetSocketAddress address = EchoProcess.address(server);
            SSLContext context = trusting(file);
            for (int i = 0; i < count; i++) {
                held.add(over(PlainSockets.connect(address), context, PROTOCOLS.get(i % 2)));
                PlainSockets.echoes(held.get(i), "x".repeat(20_000));
            }
            for (SSLSocket each : held) {
                PlainSockets.echoes(each, "again");
            }
            row.figure("%d held, RSS %d MiB", count, Usage.rss(server.handle()) / PlainSockets.MIB);
            server.signal("TERM");
            assertThat(server.awaitExit()).as("exit code").isEqualTo(143);
        } finally {
            close(held);
        }
    }

    @Stress(row = "TLS: EMFILE, cold JVM", pass = "≤ 10 log lines, a handshake within 1 s of release")
    void survivesFullDescriptorTable(Row row, @TempDir Path folder) throws Exception {
        List<String> limited = List.of("prlimit", "--nofile=60");
        assumeTrue(ForkedProcess.works(ForkedProcess.by(limited, List.of("true"))), "no prlimit here");
        Path file = folder.resolve("echo.pem");
        List<Socket> clients = new ArrayList<>();
        try (ForkedProcess server = new ForkedProcess(ForkedProcess.by(limited, command(List.of(), file)))) {
            InetSocketAddress address = EchoProcess.address(server);
            SSLContext context = trusting(file);
            for (int i = 0; i < 200; i++) {
                clients.add(PlainSockets.connect(address));
            }
            server.lines().await("echo: cannot accept.*", 1);
            SSLSocket first = over(clients.get(0), context, PROTOCOLS.get(1));
            PlainSockets.echoes(first, "a handshake without a free descriptor");
            long start = System.nanoTime();
            close(clients);
            try (SSLSocket socket = over(PlainSockets.connect(address), context, PROTOCOLS.get(1))) {
                PlainSockets.echoes(socket, "after the release");
            }
            double recovery = Background.secondsSince(start);
            List<String> lines = server.lines().seen().stream()
                    .filter(line -> !line.startsWith("starting up"))
                    .toList();
            row.figure("%d log lines, echo %.3f s after the release", lines.size(), recovery);
            assertThat(lines).hasSizeBetween(1, 10);
            assertThat(recovery).isLessThan(2);
        } finally {
            close(clients);
        }
    }

    private static List<String> command(List<String> options, Path file) {
        return EchoProcess.command(
                options,
                "server",
                PlainSockets.LOOPBACK + ":0",
                "--quiet",
                "--tls=self-signed",
                "--certificate-file=" + file);
    }

    private static SSLContext trusting(Path file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(file)) {
            store.setCertificateEntry(
                    "root", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private static void close(List<? extends Socket> sockets) throws IOException {
        for (Socket each : sockets) {
            each.close();
        }
    }
}
