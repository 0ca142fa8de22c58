package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;

/** Who looks at a server and controls it does not slow down those who use it. */
class ControlIT {

    private static final int REQUESTS = 1_000;
    private static final int ROUNDS = 7;

    @Stress(row = "1,000 requests to the HTTP interface at once, beside an echo", pass = "all answered; rate >= 0.95")
    void requestsLeaveEchoItsRate(Row row) throws Exception {
        Duration window = row.scaled(Duration.ofSeconds(10));
        List<String> command =
                EchoProcess.command(List.of(), "server", "127.0.0.1:0", "--quiet", "--control", "127.0.0.1:0");
        try (ForkedProcess process = new ForkedProcess(command)) {
            InetSocketAddress address = EchoProcess.address(process);
            URI page = URI.create(process.lines().await("control at .*").replaceFirst("control at ", ""));
            String token = page.getFragment().replaceFirst("token=", "");
            echoes(address, window); // warms up
            List<Double> ratios = new ArrayList<>();
            List<Double> seconds = new ArrayList<>();
            for (int i = 0; i < ROUNDS; i++) {
                long alone = echoes(address, window);
                FutureTask<Double> requests = Background.inThread("requests", () -> ask(page, token));
                long beside = echoes(address, window);
                seconds.add(Background.result(requests));
                ratios.add((double) beside / alone);
            }
            try (EchoServer server = EchoServer.connect(page, token)) {
                assertThat(server.counters().accepted()).isEqualTo(2 * ROUNDS + 1);
            }
            Collections.sort(ratios);
            Collections.sort(seconds);
            double median = ratios.get(ROUNDS / 2);
            row.figure(
                    "%d windows of %.0f s: rate %.3f (%.3f to %.3f), %d answers in %.2f s",
                    ROUNDS,
                    window.toMillis() / 1e3,
                    median,
                    ratios.get(0),
                    ratios.get(ROUNDS - 1),
                    REQUESTS,
                    seconds.get(ROUNDS / 2));
            if (window.toSeconds() >= 10) {
                assertThat(median).isGreaterThanOrEqualTo(0.95);
            }
        }
    }

    /** Returns how many messages of 64 bytes come back in this time. */
    private static long echoes(InetSocketAddress address, Duration window) throws IOException {
        byte[] message = PlainSockets.random(64, 1);
        long end = System.nanoTime() + window.toNanos();
        long count = 0;
        try (EchoClient client = EchoClient.connect(address)) {
            while (System.nanoTime() < end) {
                client.expectEcho(message);
                count++;
            }
        }
        return count;
    }

    /** Sends all requests, then reads all answers. Returns how many seconds that takes. */
    private static double ask(URI page, String token) throws IOException {
        long start = System.nanoTime();
        byte[] request = ("GET /servers/default HTTP/1.1\r\nHost: " + page.getAuthority() + "\r\nAuthorization: Bearer "
                        + token + "\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < REQUESTS; i++) {
                Socket socket = PlainSockets.connect(PlainSockets.at(page.getHost(), page.getPort()));
                sockets.add(socket);
                socket.getOutputStream().write(request);
            }
            for (Socket socket : sockets) {
                String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(answer).startsWith("HTTP/1.1 200 ").endsWith("}\n");
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        return Background.secondsSince(start);
    }
}
