package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.echoharness.Trigger.HandshakeStage;
import org.echoharness.support.PageTables;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** FAULTS.md against the code: its texts, its Java, and what it says that a client reads. */
@Timeout(120)
class FaultsPageTest {

    private static final int SENT = 400;
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final Pattern JAVA = Pattern.compile("```java\\R(.*?)```", Pattern.DOTALL);

    /** A text of the page and what the Java that stands beside it gives. */
    record Row(String text, Object value) {}

    private static Row row(String text, Object value) {
        return new Row(text, value);
    }

    private static final List<Row> ROWS = List.of(
            row("delay 50ms", Fault.delay(Duration.ofMillis(50))),
            row("delay 50ms jitter 10ms seed 42", Fault.delay(Duration.ofMillis(50), Duration.ofMillis(10), 42)),
            row("throttle 64KiB/s", Fault.throttle(64 << 10)),
            row("fragment 16", Fault.fragment(16)),
            row("fragment 16 every 5ms", Fault.fragment(16, Duration.ofMillis(5))),
            row("reset after 300", Fault.reset().after(300)),
            row("close after 300", Fault.close().after(300)),
            row("half-close after 300", Fault.halfClose().after(300)),
            row("discard", Fault.discard()),
            row("stall", Fault.stall()),
            row("corrupt", Fault.corrupt()),
            row("corrupt bytes 5-9", Fault.corrupt(5, 9)),
            row("corrupt 1% seed 42", Fault.corruptAtRandom(1, 42)),
            row("duplicate 42", Fault.duplicate(42)),
            row("truncate 10", Fault.truncate(10)),
            row("slow-close 200ms", Fault.slowClose(Duration.ofMillis(200))),
            row("greet \"220 ready\\r\\n\"", Fault.greet("220 ready\r\n")),
            row("reset", Fault.reset()),
            row("reset after 4KiB", Fault.reset().after(4096)),
            row("reset after 300 sent", Fault.reset().afterSent(300)),
            row("reset after 2s", Fault.reset().after(Duration.ofSeconds(2))),
            row("reset on fin", Fault.reset().onFin()),
            row("reset after 3 messages", Fault.reset().afterMessages(3)),
            row("corrupt every 3rd message", Fault.corrupt().everyMessage(3)),
            row("connection 3", Connections.number(3)),
            row("connections 2-4", Connections.range(2, 4)),
            row("first 2", Connections.first(2)),
            row("every 3rd", Connections.every(3)),
            row("random 10% seed 42", Connections.random(10, 42)),
            row("others", Connections.others()));

    @Test
    void textEqualsJavaBesideIt() throws IOException {
        for (Row row : ROWS) {
            Object parsed = row.value() instanceof Fault
                    ? Fault.parse(row.text())
                    : FaultPlan.parse(row.text() + ": reset").rules().get(0).connections();
            assertThat(parsed).isEqualTo(row.value()).hasToString(row.text());
        }
        assertThat(tables("text")).extracting(cells -> code(cells.get(0))).containsExactlyElementsOf(texts());
    }

    /** Therefore the test above compares the Java of the page itself. */
    @ParameterizedTest
    @MethodSource("texts")
    void javaOfPageStandsInTest(String text) throws IOException {
        String java = tables("text").stream()
                .filter(cells -> code(cells.get(0)).equals(text))
                .map(cells -> code(cells.get(1)))
                .findFirst()
                .orElseThrow();
        String literal = text.replace("\\", "\\\\").replace("\"", "\\\"");
        assertThat(withoutSpace(source())).contains(withoutSpace("row(\"" + literal + "\", " + java + ")"));
    }

    static List<String> texts() {
        return ROWS.stream().map(Row::text).toList();
    }

    @Test
    void everyEffectAndWordHasRow() {
        List<Fault> faults = allRows()
                .map(Row::value)
                .filter(Fault.class::isInstance)
                .map(Fault.class::cast)
                .toList();
        assertThat(faults)
                .extracting(fault -> (Object) fault.effect().getClass())
                .contains((Object[]) Effect.class.getPermittedSubclasses());
        assertThat(faults).extracting(fault -> fault.effect().kind()).contains(Effect.Kind.values());
        assertThatThrownBy(() -> Fault.parse("?")).satisfies(refusal -> {
            MatchResult known = found(Pattern.compile("\\((.*)\\)"), String.valueOf(refusal.getMessage()))
                    .get(0);
            assertThat(known.group(1).split(", ", -1))
                    .allMatch(word -> allRows()
                            .anyMatch(row -> row.text().split(" ", 2)[0].equals(word)));
        });
    }

    private static Stream<Row> allRows() {
        return Stream.concat(ROWS.stream(), TLS_ROWS.stream());
    }

    @Test
    void readmeNamesEveryEffect() throws IOException {
        String readme = Files.readString(Path.of("..", "README.md")).replaceAll("(?s)```.*?```", "");
        List<String> named = found(CODE, readme).stream()
                .map(code -> code.group(1).split(" ", 2)[0])
                .toList();

        assertThat(named).containsAll(Effect.Kind.words());
    }

    static Stream<List<String>> reads() throws IOException {
        return tables("text").stream()
                .filter(cells -> cells.size() == 4)
                .map(cells -> List.of(code(cells.get(0)), cells.get(3).replace("`", "")));
    }

    @ParameterizedTest
    @MethodSource("reads")
    void clientReadsBytesOfPage(List<String> textAndRead) throws IOException {
        try (EchoServer server = EchoServer.builder()
                        .faults(textAndRead.get(0))
                        .warnings(line -> {})
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            socket.setSoTimeout(textAndRead.get(1).contains("timed out") ? 200 : 30_000);
            socket.getOutputStream().write(new byte[SENT]);
            socket.shutdownOutput();
            assertThat(readToTheEnd(socket)).isEqualTo(textAndRead.get(1));
        }
    }

    private static String readToTheEnd(Socket socket) {
        int all = 0;
        try {
            byte[] chunk = new byte[8192];
            for (int n = 0; n >= 0; n = socket.getInputStream().read(chunk)) {
                all += n;
            }
            return all + " bytes, then -1";
        } catch (IOException e) {
            return all + " bytes, then " + e.getClass().getSimpleName() + ": " + e.getMessage();
        }
    }

    /** What an RST does to a client that reads, and to one that writes, writes again and reads. The other rows are measured. */
    @Test
    void readAfterFailedWriteEndsStream() throws IOException {
        List<List<String>> rows = PageTables.of(Path.of("FAULTS.md")).rows("the RST arrives during");
        List<String> read = rows.get(1);
        assertThat(read).first().isEqualTo("a read");
        assertThat(read.get(2)).isEqualTo("the same");
        try (EchoServer server = EchoServer.builder().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "x");
            server.resetConnections();
            String first = seen(() -> socket.getInputStream().read());
            assertThat(read.get(1)).isEqualTo(first + ", also from each later read");
            assertThat(seen(() -> socket.getInputStream().read())).isEqualTo(first);
        }
        assertThat(rows.subList(2, 5))
                .extracting(row -> row.get(0))
                .satisfiesExactly(
                        text -> assertThat(text).isEqualTo("a write"),
                        text -> assertThat(text).startsWith("a write, after one of the above"),
                        text -> assertThat(text).isEqualTo("a read, after a write has reported the RST"));
        try (EchoServer server = EchoServer.builder().start();
                Socket socket = PlainSockets.connect(server.address());
                SocketChannel channel = SocketChannel.open(server.socketAddress())) {
            PlainSockets.echoes(socket, "x");
            server.resetConnections();
            assertThat(rows.subList(2, 5))
                    .extracting(row -> row.get(1))
                    .containsExactlyElementsOf(seenInTurn(socket.getOutputStream(), socket.getInputStream()));
            assertThat(rows.subList(2, 5))
                    .extracting(row -> row.get(2))
                    .containsExactlyElementsOf(
                            seenInTurn(Channels.newOutputStream(channel), Channels.newInputStream(channel)));
        }
    }

    private static List<String> seenInTurn(OutputStream out, InputStream in) {
        Callable<String> write = () -> {
            out.write(1);
            return "nothing";
        };
        return List.of(seen(write), seen(write), seen(in::read));
    }

    /** Returns the result or the exception, as the page shows it. */
    private static String seen(Callable<?> call) {
        try {
            return String.valueOf(call.call());
        } catch (Exception thrown) {
            return "`" + thrown.getClass().getSimpleName() + ": " + thrown.getMessage() + "`";
        }
    }

    @Test
    void acceptsPlansThatReplaceOtherTools() throws IOException {
        List<String> plans = List.of("Toxiproxy", "WireMock", "MockWebServer 5").stream()
                .flatMap(name -> uncheckedTables(name).stream())
                .flatMap(cells -> found(CODE, cells.get(1)).stream().map(found -> found.group(1)))
                .filter(text -> !text.endsWith(")"))
                .toList();
        assertThat(uncheckedTables("Toxiproxy"))
                .extracting(cells -> cells.get(1))
                .doesNotContain("none");
        assertThat(plans).hasSizeGreaterThan(20).allSatisfy(FaultPlan::parse);
        assertThat(answerTo("x", "discard, close after 1")).isEmpty();
        assertThatThrownBy(() -> answerTo("x", "discard, reset after 1")).hasMessage("Connection reset");
        String malformed =
                plans.stream().filter(plan -> plan.contains("HTTP")).findFirst().orElseThrow();
        assertThat(answerTo("GET", malformed)).isEqualTo("HTTP/1.1 200 OK\r\n\r\n#");
    }

    private static String answerTo(String message, String plan) throws IOException {
        try (EchoServer server = EchoServer.builder().faults(plan).start();
                Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
            client.send(message);
            return client.receiveAll();
        }
    }

    /** The server's methods that the table of controls leaves out. */
    private static final List<String> NO_CONTROLS = List.of(
            "start()",
            "close()",
            "isRunning()",
            "address()",
            "addresses()",
            "configuredAddresses()",
            "port()",
            "socketAddress()",
            "socketAddresses()",
            "path()",
            "counters()",
            "recording()",
            "failure()",
            "acceptPending()",
            "catchUp(time)",
            "controlToken()",
            "controlUri()",
            "connection(number)",
            "echoes()",
            "relays()",
            "speaksTls()",
            "certificate()",
            "sslContext()",
            "script()",
            "scriptProblems()",
            "scriptProblemsLeftOut()",
            "unfinishedScripts()");

    @Test
    void tableHasEveryControl() throws IOException {
        assertThat(tables("call")).extracting(cells -> cells.get(0)).doesNotHaveDuplicates();
        List<String> controls = Arrays.stream(EchoServer.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !Modifier.isStatic(method.getModifiers()))
                .filter(method -> !List.of("toString", "awaitClose", "session").contains(method.getName()))
                .map(method -> method.getName() + "(" + parameter(method) + ")")
                .filter(call -> !NO_CONTROLS.contains(call))
                .toList();
        assertThat(tables("call"))
                .extracting(cells -> code(cells.get(0)))
                .containsExactlyInAnyOrderElementsOf(controls);
    }

    private static String parameter(Method method) {
        return Arrays.stream(method.getParameterTypes())
                .map(type -> type == FaultPlan.class ? "plan" : type == Duration.class ? "time" : "number")
                .collect(Collectors.joining());
    }

    @Test
    void immediateFaultsMatchPage() throws IOException {
        assertThat(tables("faults at once")).hasSize(7).allSatisfy(cells -> {
            List<Fault> faults =
                    FaultPlan.parse(code(cells.get(0))).rules().get(0).faults();
            byte[] sent = code(cells.get(1)).getBytes(StandardCharsets.ISO_8859_1);
            List<SimulatedConnection.Event> events =
                    SimulatedConnection.by(faults, 1).sends(0, sent).fin(0).run();
            String end = events.get(events.size() - 1).what().equals("RST") ? "an RST" : "-1";
            assertThat("`" + SimulatedConnection.bytes(events) + "`, then " + end)
                    .isEqualTo(cells.get(2));
        });
    }

    @Test
    void faultsOnScriptMatchPage() throws IOException {
        MatchResult stated = found(
                        Pattern.compile("With the script `([^`]+)`, a client that sends `([^`]+)` and a FIN reads"),
                        page())
                .get(0);
        byte[] sent = stated.group(2).getBytes(StandardCharsets.ISO_8859_1);
        assertThat(tables("faults on a script")).hasSize(6).allSatisfy(cells -> {
            for (int piece = 1; piece <= sent.length; piece++) {
                SimulatedConnection client =
                        SimulatedConnection.by(code(cells.get(0))).answers(stated.group(1));
                for (int from = 0; from < sent.length; from += piece) {
                    client.sends(0, Arrays.copyOfRange(sent, from, Math.min(sent.length, from + piece)));
                }
                List<SimulatedConnection.Event> events = client.fin(0).run();
                String end = events.get(events.size() - 1).what().equals("RST") ? "an RST" : "-1";
                assertThat("`" + SimulatedConnection.bytes(events) + "`, then " + end)
                        .isEqualTo(cells.get(1));
            }
        });
    }

    private static final List<Row> TLS_ROWS = List.of(
            row("reset after client-hello", Fault.reset().after(HandshakeStage.CLIENT_HELLO)),
            row("close after server-hello", Fault.close().after(HandshakeStage.SERVER_HELLO)),
            row("stall after handshake", Fault.stall().after(HandshakeStage.HANDSHAKE)),
            row(
                    "delay 200ms after client-hello",
                    Fault.delay(Duration.ofMillis(200)).after(HandshakeStage.CLIENT_HELLO)),
            row("plain", Fault.plain()),
            row("plain \"-ERR unknown command\\r\\n\"", Fault.plain("-ERR unknown command\r\n")),
            row(
                    "close without close_notify after 300",
                    Fault.closeWithoutNotify().after(300)),
            row("fragment 1 on the wire", Fault.fragment(1).onTheWire()),
            row(
                    "corrupt byte 1 after 5KiB on the wire",
                    Fault.corrupt(1, 1).after(5 << 10).onTheWire()),
            row("reset after 300 on the wire", Fault.reset().after(300).onTheWire()));

    private static final List<Row> RELAY_ROWS = List.of(
            row("corrupt byte 1 to server", Fault.corrupt(1, 1).toServer()),
            row("reset after 300 to server", Fault.reset().after(300).toServer()),
            row("reset after 300 to client", Fault.reset().after(300)));

    @Test
    void textOfRelayEqualsJavaBesideIt() throws IOException {
        assertEqualsJava("fault on a relay", RELAY_ROWS);
    }

    @Test
    void textOfTlsEqualsJavaBesideIt() throws IOException {
        assertEqualsJava("fault with TLS", TLS_ROWS);
        String refusal = found(Pattern.compile("refuse these faults: `([^`]+)`"), page())
                .get(0)
                .group(1);
        assertThatThrownBy(() -> EchoServer.builder().faults("plain").build()).hasMessage(refusal);
    }

    private static void assertEqualsJava(String heading, List<Row> expected) throws IOException {
        List<List<String>> rows = tables(heading);
        assertThat(rows).hasSameSizeAs(expected);
        for (int i = 0; i < rows.size(); i++) {
            Row row = expected.get(i);
            assertThat(code(rows.get(i).get(0))).isEqualTo(row.text());
            assertThat(Fault.parse(row.text())).isEqualTo(row.value());
            String literal = row.text().replace("\\", "\\\\").replace("\"", "\\\"");
            assertThat(withoutSpace(source()))
                    .contains(withoutSpace(
                            "row(\"" + literal + "\", " + code(rows.get(i).get(1)) + ")"));
        }
    }

    static Stream<List<String>> relayed() throws IOException {
        return tables("faults in both directions").stream();
    }

    @ParameterizedTest
    @MethodSource("relayed")
    void bothEndsReadBytesOfPage(List<String> row) throws Exception {
        try (ServerSocket behind = PlainSockets.listen(0);
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + behind.getLocalPort())
                        .faults(code(row.get(0)))
                        .start();
                Socket client = PlainSockets.connect(relay.address())) {
            behind.setSoTimeout(30_000);
            try (Socket server = behind.accept()) {
                server.setSoTimeout(30_000);
                PlainSockets.send(client, "123456");
                client.shutdownOutput();
                PlainSockets.send(server, "abcdef");
                server.shutdownOutput();
                assertThat(textToTheEnd(server)).isEqualTo(row.get(1));
                assertThat(textToTheEnd(client)).isEqualTo(row.get(2));
            }
        }
    }

    private static String textToTheEnd(Socket socket) throws IOException {
        String text = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        return (text.isEmpty() ? "nothing" : "`" + text + "`") + ", then -1";
    }

    @Test
    void triggersOfMessagesMatchPage() throws IOException {
        String sentence = found(Pattern.compile("You can use `every 3rd message` with ([^.]+)\\."), page())
                .get(0)
                .group(1);
        for (String word : Effect.Kind.words()) {
            Fault some = allRows()
                    .filter(row -> row.value() instanceof Fault
                            && row.text().split(" ", 2)[0].equals(word))
                    .map(row -> (Fault) row.value())
                    .findFirst()
                    .orElseThrow();
            assertThat(sentence.contains("`" + word + "`")).as(word).isEqualTo(EffectRow.mayHappenAgain(some.effect()));
        }
        String refusal = found(Pattern.compile("counts messages: `([^`]+)`"), page())
                .get(0)
                .group(1);
        assertThatThrownBy(() ->
                        EchoServer.builder().faults("reset after 3 messages").build())
                .hasMessage(refusal);
    }

    /** Connects, and compares the result with the row of the control. */
    @ParameterizedTest
    @ValueSource(strings = {"refuse()", "refuse(time)", "restart(time)"})
    void controlsMatchTable(String call) throws Exception {
        String sees = tables("call").stream()
                .filter(cells -> code(cells.get(0)).equals(call))
                .map(cells -> cells.get(2))
                .findFirst()
                .orElseThrow();
        try (EchoServer server = EchoServer.builder().start();
                Socket open = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(open, "x");
            boolean timed = call.endsWith("(time)");
            Class<?>[] types = timed ? new Class<?>[] {Duration.class} : new Class<?>[0];
            Object[] day = timed ? new Object[] {Duration.ofDays(1)} : new Object[0];
            EchoServer.class
                    .getMethod(call.substring(0, call.indexOf('(')), types)
                    .invoke(server, day);
            if (sees.contains("Connection reset")) {
                assertThatThrownBy(() -> open.getInputStream().read()).hasMessage("Connection reset");
            } else {
                PlainSockets.echoes(open, "x");
            }
            assertThat(sees).contains("`ConnectException: Connection refused`");
            assertThatThrownBy(() -> PlainSockets.connect(server.address()))
                    .isInstanceOf(java.net.ConnectException.class)
                    .hasMessage("Connection refused");
        }
    }

    @Test
    void exampleRuns() throws IOException {
        try (EchoServer server = EchoServer.builder()
                .faults("first 2: reset after 4; others: delay 50ms")
                .start()) {
            assertThat(server.faults())
                    .isEqualTo(FaultPlan.none()
                            .on(Connections.first(2), Fault.reset().after(4))
                            .on(Connections.others(), Fault.delay(Duration.ofMillis(50))));
        }
        assertThat(found(JAVA, page()))
                .hasSize(1)
                .allSatisfy(java -> assertThat(withoutSpace(source())).contains(withoutSpace(java.group(1))));
    }

    /** The cells of each row of the tables whose first column has this heading. */
    private static List<List<String>> tables(String heading) throws IOException {
        Pattern table =
                Pattern.compile("^\\| " + heading + " \\|.*\\R\\|-.*\\R((?:\\|.*(?:\\R|$))+)", Pattern.MULTILINE);
        return found(table, page()).stream()
                .flatMap(found -> found.group(1).lines())
                .map(line -> Arrays.stream(line.substring(1).split("\\|", -1))
                        .map(String::strip)
                        .toList())
                .map(cells -> cells.subList(0, cells.size() - 1))
                .toList();
    }

    private static List<List<String>> uncheckedTables(String heading) {
        try {
            return tables(heading);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static List<MatchResult> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }

    private static String code(String cell) {
        return found(CODE, cell).get(0).group(1);
    }

    private static String withoutSpace(String text) {
        return text.replaceAll("\\s", "");
    }

    private static String page() throws IOException {
        return Files.readString(Path.of("FAULTS.md"));
    }

    private static String source() throws IOException {
        return Files.readString(Path.of("src", "test", "java", "org", "echoharness", "FaultsPageTest.java"));
    }
}
