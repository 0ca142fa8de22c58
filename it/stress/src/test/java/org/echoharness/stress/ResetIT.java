package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.echoharness.ConnectionCounters;
import org.echoharness.EchoServer;
import org.echoharness.support.PlainSockets;

/** Every way in which the server resets on purpose; the client must see a reset. */
@SuppressWarnings("try") // what close() does is what is tested
class ResetIT {

    private final Map<String, Integer> ends = new TreeMap<>();

    @Stress(row = "RST, 1,000 times: close()", pass = "ECONNRESET every time, never EOF")
    void closeResetsConnections(Row row) throws Exception {
        int count = row.scaled(1_000);
        for (int i = 0; i < count; i++) {
            try (EchoServer server = EchoServer.builder().start();
                    Socket socket = PlainSockets.connect(server.address())) {
                if (i % 2 == 0) {
                    PlainSockets.echoes(socket, "x"); // otherwise it may still be in the backlog
                }
                server.close();
                ended(PlainSockets.nextRead(socket));
            }
        }
        allReset(row, count);
    }

    @Stress(row = "RST, 1,000 times: idleTimeout", pass = "ECONNRESET every time, never EOF")
    void idleTimeoutResetsConnections(Row row) throws Exception {
        int count = row.scaled(1_000);
        try (EchoServer server =
                EchoServer.builder().idleTimeout(Duration.ofMillis(20)).start()) {
            for (int i = 0; i < count; i += 50) {
                List<Socket> silent = new ArrayList<>();
                for (int j = i; j < Math.min(i + 50, count); j++) {
                    silent.add(PlainSockets.connect(server.address()));
                }
                for (Socket socket : silent) {
                    try (socket) {
                        ended(PlainSockets.nextRead(socket));
                    }
                }
            }
            Usage.awaitCounters(server, new ConnectionCounters(count, 0, count, 0, 0, 0));
        }
        allReset(row, count);
    }

    @Stress(row = "RST, 1,000 times: maxConnections", pass = "ECONNRESET every time, never EOF")
    void limitResetsConnections(Row row) throws Exception {
        int count = row.scaled(1_000);
        try (EchoServer server = EchoServer.builder()
                        .maxConnections(1)
                        .warnings(line -> {})
                        .start();
                Socket only = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(only, "x");
            for (int i = 0; i < count; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    ended(PlainSockets.nextRead(socket));
                } catch (SocketException inTheConnect) {
                    ended(inTheConnect.getMessage().startsWith("Connection reset") ? "reset" : inTheConnect.toString());
                }
            }
            PlainSockets.echoes(only, "still served");
            Usage.awaitCounters(server, new ConnectionCounters(1, count, 0, 0, 0, 0));
        }
        allReset(row, count);
    }

    private void ended(String how) {
        ends.merge(how, 1, Integer::sum);
    }

    private void allReset(Row row, int count) throws IOException {
        row.figure("%s of %d, JDK %d", ends, count, Runtime.version().feature());
        assertThat(ends).isEqualTo(Map.of("reset", count));
    }
}
