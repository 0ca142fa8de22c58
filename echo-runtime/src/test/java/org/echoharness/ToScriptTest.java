package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.echoharness.script.Expectation;
import org.echoharness.script.Step;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recordings that become scripts. */
@Timeout(300)
class ToScriptTest {

    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer.Builder server() {
        return EchoServer.builder().warnings(warnings).recording(1 << 20, 10);
    }

    /**
     * A recorded connection, whose events are written as {@code > …}, {@code < …}, {@code > FIN} and so on. If there is no
     * end among them, it ends with an RST of the client, for which a script has no step.
     */
    static RecordedConnection recorded(String events) {
        RecordedBytes recorded = new RecordedBytes(1, 1 << 20);
        for (String event : events.split(";", -1)) {
            String what = event.strip().substring(2).translateEscapes();
            Ending.Side side = event.strip().startsWith(">") ? Ending.Side.CLIENT : Ending.Side.SERVER;
            switch (what) {
                case "FIN" ->
                    recorded.note(
                            side == Ending.Side.CLIENT ? RecordedEvent.Kind.CLIENT_FIN : RecordedEvent.Kind.SERVER_FIN,
                            "");
                case "END" -> recorded.end(side, Ending.How.FIN, "");
                case "RST" -> recorded.end(side, Ending.How.RST, "");
                default -> {
                    byte[] bytes = what.getBytes(what.chars().anyMatch(c -> c > 0xFF) ? UTF_8 : ISO_8859_1);
                    if (side == Ending.Side.CLIENT) {
                        recorded.received(bytes);
                    } else {
                        recorded.sent(bytes);
                    }
                }
            }
        }
        if (recorded.snapshot().ending().isEmpty()) {
            recorded.end(Ending.Side.CLIENT, Ending.How.RST, "");
        }
        return recorded.snapshot();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "> PING\\n; < PONG\\n; > FIN; < END | expect line 'PING', send 'PONG\\n', expect fin",
                "> PI; > NG\\r\\n; < PO; < NG | expect line 'PING', send 'PONG'",
                "< 220 ready\\r\\n; > QUIT\\r\\n; < END | send '220 ready\\r\\n', expect line 'QUIT', close",
                "> a; < FIN; > b; > FIN; > END | expect 'a', half-close, expect 'b', expect fin",
                "> a; < FIN; > FIN; > END | expect 'a', close",
                "> FIN; < late; < END | expect fin, send 'late'",
                "> FIN; < RST | expect fin, reset",
                "> a; < RST | expect 'a', reset",
                "> a; < b; > RST | expect 'a', send 'b'",
                "> RST | expect fin",
                "> GET / HTTP/1.1\\r\\nAccept: */*\\r\\n\\r\\n{} | expect line 'GET / HTTP/1.1', expect 'Accept: */*\\r\\n', "
                        + "expect line '', expect '{}'",
                "> *1\\r\\n$4\\r\\nPING\\r\\n | expect '*1\\r\\n$4\\r\\nPING\\r\\n'",
                "> *; < {x} | expect '*', send '\\{x}'",
                "< a\\r\\nb\\r\\n | send 'a\\r\\n' 'b\\r\\n'",
                "> \\0\\1\\2name\\0\\377 | expect hex '000102' 'name' hex '00ff'",
                "> \\0\\1user\\0root\\0 | expect hex '0001' 'user\\x00root' hex '00'",
                "< \\0\\0\\0\\b | send hex '00000008'",
                "< \u043f\u0440\u0438\u0432\u0435\u0442 | send '\u043f\u0440\u0438\u0432\u0435\u0442'",
                "< a\uFFFD | send 'a\\xef\\xbf\\xbd'",
                "> a\\rb\\r\\r\\nc | expect line 'a\\rb\\r', expect 'c'",
            })
    void eventsBecomeSteps(String events, String script) {
        Script made = recorded(events).toScript();

        assertThat(made).isEqualTo(Script.parse(script.strip()));
        assertThat(Script.parse(made.toString())).isEqualTo(made);
        assertThat(Script.parse(made.formatted())).isEqualTo(made);
    }

    @Test
    void connectionsBecomeRules() throws Exception {
        try (EchoServer server = server().script(
                        "connection 1: expect 'a', send 'b', close; connection 2: expect line '*', reset; others: echo")
                .maxConnections(3)
                .start()) {
            try (Socket first = PlainSockets.connect(server.address())) {
                PlainSockets.send(first, "a");
                PlainSockets.receives(first, "b");
                PlainSockets.assertEnd(first);
            }
            Recordings.ended(server, 1);
            try (Socket second = PlainSockets.connect(server.address())) {
                PlainSockets.send(second, "x\n");
                assertThatThrownBy(() -> second.getInputStream().read()).hasMessage("Connection reset");
            }
            try (Socket third = PlainSockets.connect(server.address())) {
                PlainSockets.echoes(third, "hello");
                Recordings.finish(third);
            }
            Recordings.ended(server, 3);

            assertThat(server.recording().toScript())
                    .isEqualTo(Script.parse("connection 1: expect 'a', send 'b', close;"
                            + "connection 2: expect line 'x', reset;"
                            + "connection 3: expect 'hello', send 'hello', expect fin"));
        }
    }

    @Test
    void clientRecordsForScriptToo() throws Exception {
        try (EchoServer server =
                server().script("expect line 'PING', send 'PONG\\n'").start()) {
            EchoClient client =
                    EchoClient.builder().address(server.address()).recording().connect();
            try (client) {
                client.send("PING\n".getBytes(ISO_8859_1));
                client.receive(5);
                client.shutdownOutput();
                assertThat(client.receiveToEnd()).isEmpty();
            }

            assertThat(client.recording().toScript())
                    .isEqualTo(Script.parse("connection 1: expect line 'PING', send 'PONG\\n', expect fin"));
        }
    }

    @Test
    void pausesBecomeWaitsIfAskedFor() {
        Recording recording = new Recording(new RecordingStore(Ending.Side.SERVER, 1, 1));
        RecordedConnection connection = new RecordedBytes(1, 100)
                .at(5_000_000)
                .received("a")
                .at(25_900_000)
                .sent("b")
                .at(26_000_000)
                .sent("c")
                .at(46_000_000)
                .sent("d")
                .at(90_000_000)
                .end(Ending.Side.SERVER, Ending.How.FIN, "")
                .snapshot();

        assertThat(Script.of(connection.steps(Duration.ofMillis(20)).toArray(Step[]::new)))
                .isEqualTo(Script.parse("expect 'a', wait 20ms, send 'bc', wait 20ms, send 'd', wait 44ms, close"));
        assertThat(connection.toScript()).isEqualTo(Script.parse("expect 'a', send 'bcd', close"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> recording.toScriptWithWaits(Duration.ofNanos(5)))
                .withMessageContaining("least");
    }

    @Test
    void refusesWhatIsNotKept() throws Exception {
        try (EchoServer server = server().recording(4, 1).start()) {
            assertThatThrownBy(() -> server.recording().toScript())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the recording cannot become a script: it has no connection; record one");
            echo(server, "hello");

            assertThatThrownBy(() -> server.recording().toScript())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("connection 1 cannot become a script: 1 byte that the client sent is not kept; raise"
                            + " recording (the first 4 bytes of each direction are kept)");
            echo(server, "hi");
            assertThatThrownBy(() -> server.recording().toScript())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the recording cannot become a script: 1 connection more, not kept; raise the number of"
                            + " connections that the recording keeps");
        }
    }

    @Test
    void refusesConnectionWithTooManyEvents() {
        RecordedBytes recorded = new RecordedBytes(1, 1 << 20);
        for (int i = 0; i < RecordedEvent.Log.MOST; i++) {
            recorded.received("a").sent("b");
        }

        assertThatThrownBy(() -> recorded.snapshot().toScript())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("connection 1 cannot become a script: 4097 events are not kept; record a shorter"
                        + " conversation (the first 4096 events of a connection are kept)");
    }

    static void echo(EchoServer server, String text) throws Exception {
        long number = server.recording().total() + 1;
        try (Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, text);
            Recordings.finish(socket);
        }
        Recordings.ended(server, number);
    }

    @Test
    void fileIsForPeople(@TempDir Path folder) throws Exception {
        try (EchoServer server = server().start()) {
            echo(server, "hello\n");
            echo(server, "12345678901234567890\r\n".repeat(6));
            Path file = server.recording().writeFiles(folder).script();

            assertThat(Files.readString(file).replaceAll("127.0.0.1:\\d+", "ADDRESS"))
                    .isEqualTo("""
                            # What a server received and sent. Edit it, and play it with the option scriptFile.
                            # A rule without "connection 1:" is for every connection. Where no rule fits, the server echoes.
                            # connection 1 from ADDRESS, 6 bytes in, 6 out, ended by CLIENT FIN
                            connection 1:
                              expect line "hello"
                              send "hello\\n"
                              expect fin;

                            # connection 2 from ADDRESS, 132 bytes in, 132 out, ended by CLIENT FIN
                            connection 2:
                            """
                            + "  expect line \"12345678901234567890\"\n".repeat(6)
                            + "  send {\n" + "    \"12345678901234567890\\r\\n\"\n".repeat(6) + "  }\n"
                            + "  expect fin\n");
            assertThat(Script.parse(Files.readString(file)))
                    .isEqualTo(server.recording().toScript());
        }
    }

    @Test
    void openConnectionHasNoEnd(@TempDir Path folder) throws Exception {
        try (EchoServer server = server().start();
                Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(socket, "hello\n");
            assertThat(server.catchUp(Duration.ofSeconds(30))).isTrue(); // it records what it sends after it was sent
            RecordedConnection open = server.recording().connection(1);
            String cure = "connection 1 cannot become a script: it is still open, so that its end is missing; close the"
                    + " client, call awaitEnd() on the connection, and then ask the recording again";

            assertThatIllegalStateException().isThrownBy(open::toScript).withMessage(cure);
            assertThatIllegalStateException()
                    .isThrownBy(() -> server.recording().toScript())
                    .withMessage(cure);
            assertThatIllegalStateException()
                    .isThrownBy(() -> open.toScript(open))
                    .withMessage(cure);
            Path file = server.recording().writeFiles(folder).script();
            assertThat(Files.readString(file)).contains("""
                            , 6 bytes in, 6 out, open
                            # It was still open when this was written, so that its end is missing.
                            connection 1:
                              expect line "hello"
                              send "hello\\n"
                            """);
            Script.parse(Files.readString(file));
            Recordings.finish(socket);
            assertThat(open.awaitEnd().toScript())
                    .isEqualTo(Script.parse("expect line 'hello', send 'hello\n', expect fin"));
        }
    }

    @Test
    void connectionWithoutRuleSaysThatItEchoes() throws Exception {
        try (EchoServer server = EchoServer.builder()
                .script("connection 2: expect 'a'")
                .recording()
                .start()) {
            echo(server, "hello");

            assertThat(server.recording().connection(1).transcript())
                    .contains("no rule of the script is for this connection: echo");
        }
    }

    @Test
    void fileSaysWhatIsMissing(@TempDir Path folder) throws Exception {
        try (EchoServer server = server().recording(4, 1).start()) {
            echo(server, "gone");
            echo(server, "hello");
            Path file = server.recording().writeFiles(folder).script();

            assertThat(Files.readString(file).replaceAll("127.0.0.1:\\d+", "ADDRESS"))
                    .isEqualTo("""
                            # What a server received and sent. Edit it, and play it with the option scriptFile.
                            # A rule without "connection 1:" is for every connection. Where no rule fits, the server echoes.
                            missing "1 connection more, not kept; raise the number of connections that the recording keeps"
                            # connection 2 from ADDRESS, 5 bytes in, 5 out, ended by CLIENT FIN
                            connection 2:
                              expect "hell"
                              # 1 byte that the client sent is not kept; raise recording (the first 4 bytes of each direction are kept)
                              expect 1
                              send "hell"
                              missing "1 byte that the server sent is not kept; raise recording (the first 4 bytes of each direction are kept)"
                              expect fin
                            """);
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            EchoServer.builder().scriptFile(file.toString()).build())
                    .withMessageEndingWith(": at line 3, column 1: 1 connection more, not kept; raise the number of"
                            + " connections that the recording keeps");
        }
    }

    @Test
    void limitedFileSaysWhatIsLeftOut(@TempDir Path folder) throws Exception {
        try (EchoServer server = server().start()) {
            echo(server, "a");
            echo(server, "b");
            RecordingFiles files = server.recording().writeFiles(folder, 200);

            assertThat(files.leftOutOfScript()).isEqualTo(1);
            assertThat(files.script())
                    .content()
                    .contains("missing \"1 connection left out: the file is limited to 200 bytes\"\n")
                    .contains("connection 2:\n  expect \"b\"\n");
        }
    }

    /** A long upload has no more steps than a rule may have, and is expected byte for byte. */
    @Test
    void longUploadIsPlayed() throws Exception {
        byte[] upload = new byte[10 << 20];
        new Random(1).nextBytes(upload);
        Script made = new RecordedBytes(1, 2 * upload.length)
                .received(upload)
                .sent("kept\n")
                .note(RecordedEvent.Kind.CLIENT_FIN, "")
                .end(Ending.Side.SERVER, Ending.How.FIN, "")
                .snapshot()
                .toScript();

        try (EchoServer server = server().script(made).start()) {
            try (Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
                client.send(upload);
                client.shutdownOutput();
                assertThat(client.receiveAll()).isEqualTo("kept\n");
                assertThat(server.scriptProblems()).isEmpty();
            }
            upload[upload.length - 1]++;
            try (Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
                client.send(upload);
                assertThatThrownBy(client::receiveAll).isInstanceOf(IOException.class);
                assertThat(server.scriptProblems()).hasSize(1);
            }
        }
    }

    /** What a client of the random conversations does. */
    private record Act(boolean isByClient, String latin1) {

        byte[] bytes() {
            return latin1.getBytes(ISO_8859_1);
        }
    }

    private static List<Act> acts(Random random) {
        List<Act> acts = new ArrayList<>();
        for (int i = 1 + random.nextInt(8); i > 0; i--) {
            byte[] bytes = new byte[1 + (random.nextInt(4) == 0 ? random.nextInt(20_000) : random.nextInt(60))];
            String alphabet = List.of("ab\n", "a{b}*\\\"'\r\n#;,", "ü€x\n", "").get(random.nextInt(4));
            byte[] of = alphabet.getBytes(UTF_8);
            for (int at = 0; at < bytes.length; at++) {
                boolean isText = of.length > 0 && random.nextInt(2_000) > 0;
                bytes[at] = isText ? of[random.nextInt(of.length)] : (byte) random.nextInt(256);
            }
            acts.add(new Act(random.nextBoolean(), new String(bytes, ISO_8859_1)));
        }
        return acts;
    }

    /** Does what the client does, and returns the end that it sees. */
    private static String play(EchoServer server, List<Act> acts, boolean finishesFirst) throws IOException {
        try (Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
            for (Act act : acts) {
                if (act.isByClient()) {
                    client.send(act.bytes());
                } else {
                    assertThat(client.receiveBytes(act.bytes().length)).isEqualTo(act.bytes());
                }
            }
            if (finishesFirst) {
                client.shutdownOutput();
            }
            return client.receiveAll().isEmpty() ? "FIN" : "more";
        } catch (IOException reset) {
            return String.valueOf(reset.getMessage());
        }
    }

    @RepeatedTest(20)
    void sameClientCompletesSameSession() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<List<Act>> connections = new ArrayList<>();
        List<String> ends = new ArrayList<>();
        Script script = Script.none();
        for (int i = 1; i <= 3; i++) {
            List<Act> acts = acts(random);
            List<Step> steps = new ArrayList<>();
            for (Act act : acts) {
                steps.add(act.isByClient() ? Step.expect(new Expectation.Bytes(act.latin1())) : Step.send(act.bytes()));
            }
            String end = List.of("", "close", "reset", "half-close").get(random.nextInt(4));
            steps.addAll(
                    end.isEmpty() ? List.of() : Script.parse(end).rules().get(0).steps());
            ends.add(end);
            connections.add(acts);
            script = script.on(Connections.number(i), steps.toArray(new Step[0]));
        }
        Recorded first = record(script, connections, ends);
        Script made = first.recording().toScript();
        Recorded second = record(made, connections, ends);

        assertThat(second.ends()).as("seed %d", seed).isEqualTo(first.ends());
        assertThat(second.recording().toScript()).as("seed %d", seed).isEqualTo(made);
        assertThat(Script.parse(made.toString())).isEqualTo(made);
        assertThat(Script.parse(made.formatted())).isEqualTo(made);
        assertThat(warnings.seen()).as("seed %d", seed).isEmpty();
    }

    private record Recorded(Recording recording, List<String> ends) {}

    private Recorded record(Script script, List<List<Act>> connections, List<String> ends) throws Exception {
        List<String> seen = new ArrayList<>();
        try (EchoServer server = server().script(script).start()) {
            for (int i = 0; i < connections.size(); i++) {
                seen.add(play(server, connections.get(i), ends.get(i).isEmpty()));
                Recordings.ended(server, i + 1L);
            }
            assertThat(server.scriptProblems()).isEqualTo(Collections.emptyList());
            return new Recorded(server.recording(), seen);
        }
    }
}
