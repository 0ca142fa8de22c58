package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.echoharness.ConnectionCounters;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.support.PlainSockets;

/** What a server that records keeps in memory. */
class RecordingIT {

    private static final int KEPT = 1_000;

    @Stress(
            row = "1,000,000 connect, echo, close, recorded: 64 bytes of 1,000 connections",
            pass = "<= 1 MiB more heap than after 2,000")
    void recordingStaysWithinLimit(Row row) throws Exception {
        int count = row.scaled(1_000_000);
        int first = 2 * KEPT;
        try (EchoServer server = EchoServer.builder().recording(64, KEPT).start()) {
            echoInTurn(server, first);
            long before = Usage.heap();
            echoInTurn(server, count);
            Usage.awaitCounters(server, new ConnectionCounters(first + count, 0, 0, 0, 0, 0));
            long after = Usage.heap();
            row.figure("%d recorded, %d kept", server.recording().total(), KEPT);
            row.figure("heap %d KiB, then %d KiB", before / PlainSockets.KIB, after / PlainSockets.KIB);
            assertThat(server.recording().connections()).hasSize(KEPT).noneMatch(each -> each.sent().length != 42);
            assertThat(server.recording().leftOut()).isEqualTo(first + count - KEPT);
            assertThat(after - before).as("growth of the heap").isLessThanOrEqualTo(PlainSockets.MIB);
        }
    }

    private static void echoInTurn(EchoServer server, int count) throws Exception {
        byte[] message = EchoClient.DEFAULT_MESSAGE.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < count; i++) {
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.expectEcho(message);
            }
        }
    }
}
