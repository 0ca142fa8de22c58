package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.time.Duration;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.echoharness.text.Quantities;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections of one recording, and of one log, in order of time. */
@Timeout(120)
class OneClockTest {

    private final AwaitedLines lines = new AwaitedLines();

    @Test
    void recordedConnectionsShareClock() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            for (int i = 0; i < 3; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "x");
                }
                server.recording().awaitConnections(i + 1).get(i).awaitEnd();
            }
            Duration end = Duration.ZERO;
            for (RecordedConnection each : server.recording().connections()) {
                assertThat(each.opened()).isGreaterThanOrEqualTo(end);
                end = each.opened()
                        .plus(each.events().get(each.events().size() - 1).after());
            }
            assertThat(server.recording().connection(1).opened()).isZero();
            assertThat(server.recording().transcript())
                    .containsPattern("(?m)^ +0\\.000  \\+0\\.000 +connection from ")
                    .containsPattern("connection 3 from [^+]+\\+"
                            + java.util.regex.Pattern.quote(Quantities.millis(
                                    server.recording().connection(3).opened()))
                            + " +connection from ");
            assertThat(Recordings.page(server.recording().connections(), 0))
                    .contains(" ("
                            + Quantities.millis(server.recording().connection(2).opened())
                            + " ms after the first connection);");
        }
    }

    @Test
    void partsFormWholeTranscript() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            for (int i = 0; i < 2; i++) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    PlainSockets.echoes(socket, "x");
                }
                server.recording().awaitConnections(i + 1).get(i).awaitEnd();
            }
            Recording recording = server.recording();
            assertThat(recording.serverTranscript()).isEmpty();
            server.freeze();
            assertThat(recording.transcript())
                    .isEqualTo(recording.transcript(recording.connection(1)) + "\n"
                            + recording.transcript(recording.connection(2)) + "\n" + recording.serverTranscript());
            assertThat(recording.transcript(recording.connection(2)))
                    .startsWith(recording.connection(2) + "\n")
                    .containsPattern(" 0\\.000  \\+\\d+\\.\\d{3} +connection from ");
            assertThat(recording.serverTranscript()).matches("the server\n +\\d+\\.\\d{3}  freezes\n");
        }
    }

    @Test
    void oneConnectionHasNoSecondTime() throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "x");
            assertThat(server.recording().transcript())
                    .containsPattern("(?m)^ +0\\.000  connection from ")
                    .doesNotContain("+");
        }
    }

    @Test
    void logHasTimesAndNumbersIfEnabled() throws Exception {
        String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ";
        try (EchoServer server = EchoServer.builder()
                        .conversation(lines)
                        .conversationTimes(true)
                        .start();
                Socket one = PlainSockets.connect(server.address());
                Socket two = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(one, "x");
            PlainSockets.echoes(two, "yy");
            two.shutdownOutput();
            lines.await(time + "connection 2: no data from .*");
            lines.await(time + "waiting for a connection", 2);
        }
        assertThat(lines.seen()).allMatch(line -> line.matches(time + ".+"));
        assertThat(lines.seen().get(0)).matches(time + "starting up on .*");
        lines.await(time + "connection 1: connection from .*");
        lines.await(time + "connection 1: received 1 byte \"x\" from .*");
        lines.await(time + "connection 2: sending 2 bytes back to .*");
    }
}
