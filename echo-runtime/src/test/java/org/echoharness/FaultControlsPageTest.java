package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.echoharness.support.PageTables;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** FAULTS.md against servers: what clients see of the controls, and which triggers a kind of server refuses. */
@Timeout(60)
class FaultControlsPageTest {

    private static final PageTables PAGE = PageTables.of(Path.of("FAULTS.md"));

    static Stream<List<String>> controls() {
        return PAGE.rows("call").stream();
    }

    @ParameterizedTest
    @MethodSource("controls")
    void clientSeesWhatRowSays(List<String> row) throws Exception {
        String call = PageTables.codesIn(row.get(0)).get(0);
        try (EchoServer server = EchoServer.builder().start();
                Socket client = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(client, "x");
            switch (call) {
                case "faults()" -> assertThat(server.faults()).isEqualTo(FaultPlan.none());
                case "setFaults(plan)" -> {
                    server.setFaults(FaultPlan.of(Fault.corrupt()));
                    PlainSockets.echoes(client, "x");
                    try (Socket other = PlainSockets.connect(server.address())) {
                        PlainSockets.send(other, "x");
                        PlainSockets.receives(other, "\u0087");
                    }
                }
                case "setFaultsOfAll(plan)" -> {
                    server.setFaultsOfAll(FaultPlan.parse("first 1: corrupt byte 2; others: none"));
                    PlainSockets.send(client, "xx");
                    PlainSockets.receives(client, "x\u0087");
                }
                case "refuse()" -> {
                    server.refuse();
                    assertThat(connected(server)).isEqualTo(onPage(row, "ConnectException: Connection refused"));
                }
                case "refuse(time)" -> {
                    server.refuse(Duration.ofHours(1));
                    assertThat(connected(server)).isEqualTo(onPage(row, "ConnectException: Connection refused"));
                }
                case "restart(time)" -> {
                    server.restart(Duration.ofHours(1));
                    assertThat(read(client)).isEqualTo(onPage(row, "SocketException: Connection reset"));
                    assertThat(connected(server)).isEqualTo(onPage(row, "ConnectException: Connection refused"));
                }
                case "unanswered()" -> {
                    Assumptions.assumeTrue(OS.LINUX.isCurrentOs(), "other systems answer such connects in other ways");
                    server.unanswered();
                    assertThat(connected(server)).isEqualTo(onPage(row, "SocketTimeoutException: Connect timed out"));
                }
                case "resume()" -> {
                    server.refuse();
                    server.resume();
                    assertThat(connected(server)).isEqualTo("connected");
                }
                case "freeze()" -> {
                    server.freeze();
                    PlainSockets.send(client, "x");
                    client.setSoTimeout(100);
                    assertThat(row.get(2)).isEqualTo("a read times out");
                    assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
                }
                case "unfreeze()" -> {
                    server.freeze();
                    PlainSockets.send(client, "x");
                    server.unfreeze();
                    PlainSockets.receives(client, "x");
                }
                case "resetConnections()" -> {
                    server.resetConnections();
                    assertThat(read(client)).isEqualTo(onPage(row, "SocketException: Connection reset"));
                }
                case "resetConnection(number)" -> {
                    server.resetConnection(1);
                    assertThat(read(client)).isEqualTo(onPage(row, "SocketException: Connection reset"));
                }
                case "closeConnections()" -> {
                    server.closeConnections();
                    assertThat(read(client)).isEqualTo(row.get(2));
                }
                default -> throw new AssertionError("no test knows the row of " + call);
            }
        }
    }

    /** A text, if the last cell of the row has it. */
    private static String onPage(List<String> row, String text) {
        assertThat(row.get(2)).contains("`" + text + "`");
        return text;
    }

    private static String read(Socket client) {
        int[] read = new int[1];
        Throwable thrown =
                catchThrowable(() -> read[0] = client.getInputStream().read());
        return thrown == null ? String.valueOf(read[0]) : named(thrown);
    }

    private static String connected(EchoServer server) throws IOException {
        InetSocketAddress address = server.address();
        try (Socket other = new Socket()) {
            Throwable thrown = catchThrowable(() -> other.connect(address, 300));
            return thrown == null ? "connected" : named(thrown);
        }
    }

    private static String named(Throwable thrown) {
        return thrown.getClass().getSimpleName() + ": " + thrown.getMessage();
    }

    static Stream<List<String>> triggers() {
        return PAGE.rows("trigger").stream();
    }

    /** A cell says "refused" exactly if such a server refuses the trigger. */
    @ParameterizedTest
    @MethodSource("triggers")
    void serverRefusesTriggerThatRowSaysSo(List<String> row) {
        for (String trigger : PageTables.codesIn(row.get(0))) {
            String fault = (trigger.startsWith("every") ? "corrupt " : "reset ") + trigger;
            List<EchoServer.Builder> kinds = List.of(
                    EchoServer.builder(),
                    EchoServer.builder().script("answer { line \"*\" -> send \"x\" }"),
                    EchoServer.builder().upstream("localhost:1"));
            for (int kind = 0; kind < kinds.size(); kind++) {
                EchoServer.Builder builder = kinds.get(kind).faults(fault);
                Throwable thrown = catchThrowable(builder::build);
                assertThat(thrown != null)
                        .as("%s: %s", fault, row.get(kind + 1))
                        .isEqualTo(row.get(kind + 1).equals("refused"));
            }
        }
    }

    /** The rows of the README: effects, triggers and connections. */
    @Test
    void plansOfReadmeAreRead() {
        List<List<String>> rows = PageTables.of(Path.of("..", "README.md")).rows("part of a plan");
        List<String> starts = List.of("", "reset ", "");
        List<String> ends = List.of("", "", " reset");
        assertThat(rows).hasSize(3);
        for (int i = 0; i < 3; i++) {
            for (String part : PageTables.codesIn(rows.get(i).get(1))) {
                FaultPlan.parse(starts.get(i) + part + ends.get(i));
            }
        }
    }
}
