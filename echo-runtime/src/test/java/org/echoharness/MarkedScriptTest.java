package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scripts of two recordings of a client that sends other values each time. */
@Timeout(120)
class MarkedScriptTest {

    private static EchoServer.Builder server() {
        return EchoServer.builder().recording(1 << 20, 10);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "> a 1\\n | > a 2\\n | expect line 'a *'",
                "> id=17 at 10:15:01 x\\r\\n | > id=9 at 11:16:02 x\\r\\n | expect line 'id=* at * x'",
                "> same\\na 1\\n; < x | > same\\na 22\\n; < y | expect line 'same', expect line 'a *', send 'x'",
                "> *1\\r\\n$2\\r\\nab\\r\\n | > *1\\r\\n$3\\r\\nabc\\r\\n | "
                        + "expect '*1\\r\\n', expect line '$*', expect line '*'",
                "> a b c\\n | > a c\\n | expect line 'a *c'",
                "> {x}* 1\\n | > {x}* 2\\n | expect line '\\{x}\\* *'",
                "> \\1ab1cd | > \\1ab2cd | expect hex '01' 5",
                "> \\0\\3abc\\0\\2de | > \\0\\3abc\\0\\1f | expect hex '0003616263', expect frame u16 '*'",
                "> \\1\\0\\0\\0\\6xy | > \\1\\0\\0\\0\\7zzz | expect hex '01' frame u32 minus 4 '*'",
                "> \\1ab\\2 | > \\1cde\\2 | expect hex '01' through '\\x02'",
                "> a; < x; > b1 | > ab2 | expect 'a', send 'x', expect 2",
            })
    void valuesThatDifferAreMarked(String one, String other, String script) {
        Script expected = Script.parse(script.strip());

        Script made = ToScriptTest.recorded(one).toScript(ToScriptTest.recorded(other));

        assertThat(made).isEqualTo(expected);
        assertThat(Script.parse(made.toString())).isEqualTo(made);
    }

    /** Values that the server sends back are sent back by the script, too. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "> a 17\\n; < ok 17.\\n | > a 9\\n; < ok 9.\\n | expect line 'a *', send 'ok 17.\\n'",
                "> a 17\\n; < ok 17\\n | > a 9\\n; < ok 9\\n | expect line 'a {value1}', send 'ok {value1}\\n'",
                "> a 17\\n; < (17) {value1}\\n | > a 18\\n; < (18) {value1}\\n | "
                        + "expect line 'a {value1}', send '({value1}) \\{value1}\\n'",
                "> a 17\\nb 17\\n; < 17,17\\n | > a 9\\nb 9\\n; < 9,9\\n | "
                        + "expect line 'a {value1}', expect line 'b *', send '{value1},{value1}\\n'",
                "> a 1 2\\n; < ok\\n; > b\\n; < 2 \\n3 | > a 8 9\\n; < ok\\n; > b\\n; < 9 \\n3 | "
                        + "expect line 'a * {value1}', send 'ok\\n', expect line 'b', send '{value1} \\n' '3'",
                "> a 1\\n; < x1y 1\\n | > a 2\\n; < x2y 2\\n | expect line 'a {value1}', send 'x1y {value1}\\n'",
                "> a 17\\n; < 10:15 17\\n | > a 18\\n; < 10:16 18\\n | "
                        + "expect line 'a {value1}', send '10:15 {value1}\\n'",
                "> a 17\\n; < 9:59 17\\n | > a 18\\n; < 10:00 18\\n | expect line 'a *', send '9:59 17\\n'",
                "> a 12345678\\n; < x12345678y\\n | > a 1234567890\\n; < x1234567890y\\n | "
                        + "expect line 'a {value1}', send 'x{value1}y\\n'",
                "> $2\\r\\nab\\r\\n; < $2\\r\\nab\\r\\n | > $3\\r\\nabc\\r\\n; < $3\\r\\nabc\\r\\n | "
                        + "expect line '${value1}', expect line '{value2}', send '${value1}\\r\\n' '{value2}\\r\\n'",
                "> \\0\\7id 1234; < \\0\\13answer 1234 | > \\0\\7id 1567; < \\0\\13answer 1567 | "
                        + "expect frame u16 'id {value1}', send hex '000b' 'answer {value1}'",
                "> \\0\\7id 1234; < \\0\\13answer 1234 | > \\0\\6id 567; < \\0\\12answer 567 | "
                        + "expect frame u16 'id {value1}', send frame u16 'answer {value1}'",
                "> \\0\\7id 1234; < \\2\\0\\1a\\2\\0\\13answer 1234\\2\\0\\1b | "
                        + "> \\0\\6id 567; < \\2\\0\\1c\\2\\0\\12answer 567\\2\\0\\1b | "
                        + "expect frame u16 'id {value1}', "
                        + "send { hex '0200016102' frame u16 'answer {value1}' hex '02000162' }",
                "> \\0\\7id 1234; < \\0\\13answer 12x4 | > \\0\\6id 567; < \\0\\12answer 5x7 | "
                        + "expect frame u16 'id *', send hex '000b' 'answer 12x4'",
                "> a 1\\n; < 1; > b\\n; < 3 | > a 2\\n; > b\\n; < 23 | "
                        + "expect line 'a {value1}', send '{value1}', expect line 'b', send '3'",
                "> a 1\\n; < 1; > b\\n; < 1 | > a 2\\n; > b\\n; < 222 | "
                        + "expect line 'a *', send '1', expect line 'b', send '1'",
            })
    void returnedValuesAreCaptured(String one, String other, String script) {
        Script made = ToScriptTest.recorded(one).toScript(ToScriptTest.recorded(other));

        assertThat(made).isEqualTo(Script.parse(script.strip()));
        assertThat(Script.parse(made.toString())).isEqualTo(made);
        assertThat(Script.parse(made.formatted())).isEqualTo(made);
    }

    /** A message of a conversation, in which digits stand for values. */
    private record Turn(boolean isByClient, String template) {

        String with(List<String> values, boolean isFrame) {
            String text = template;
            for (int i = 0; i < values.size(); i++) {
                text = text.replace(Integer.toString(i), values.get(i));
            }
            return isFrame ? "\0" + (char) text.length() + text : text + "\n";
        }
    }

    private static final int VALUES = 4;

    /** The client sends some values, of which the server sends back any later. */
    private static List<Turn> turns(Random random, boolean areFrames) {
        List<Turn> turns = new ArrayList<>();
        List<String> sent = new ArrayList<>();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            StringBuilder message = new StringBuilder("say");
            for (int words = random.nextInt(areFrames ? 2 : 5); words > 0; words--) {
                String value = Integer.toString(random.nextInt(VALUES));
                sent.add(value);
                message.append(" ").append(value).append(random.nextBoolean() ? " {id} *" : "");
            }
            turns.add(new Turn(true, message.toString()));
            StringBuilder answer = new StringBuilder("heard");
            for (int words = sent.isEmpty() ? 0 : random.nextInt(5); words > 0; words--) {
                answer.append(random.nextBoolean() ? " " : " {id} ").append(sent.get(random.nextInt(sent.size())));
            }
            turns.add(new Turn(false, answer.toString()));
        }
        return turns;
    }

    private static List<String> values(Random random, int least) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < VALUES; i++) {
            StringBuilder value = new StringBuilder("ABCD".substring(i, i + 1));
            for (int letters = least + random.nextInt(5); letters > 0; letters--) {
                value.append((char) ('a' + random.nextInt(26)));
            }
            values.add(value.toString());
        }
        return values;
    }

    private static RecordedConnection recorded(List<Turn> turns, List<String> values, boolean areFrames) {
        RecordedBytes recorded = new RecordedBytes(1, 1 << 20);
        for (Turn turn : turns) {
            String message = turn.with(values, areFrames);
            if (turn.isByClient()) {
                recorded.received(message);
            } else {
                recorded.sent(message);
            }
        }
        recorded.note(RecordedEvent.Kind.CLIENT_FIN, "");
        return recorded.end(Ending.Side.SERVER, Ending.How.FIN, "").snapshot();
    }

    @RepeatedTest(100)
    void clientGetsItsOwnValuesBack() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        boolean areFrames = random.nextBoolean();
        List<Turn> turns = turns(random, areFrames);
        Script made = recorded(turns, values(random, 1), areFrames)
                .toScript(recorded(turns, values(random, 6), areFrames)); // longer, so that no length is expected

        List<String> values = values(random, 3);
        try (EchoServer server = server().script(made.formatted()).start();
                Client client = Client.Kind.BLOCKING_SOCKET.connect(server)) {
            for (Turn turn : turns) {
                String message = turn.with(values, areFrames);
                if (turn.isByClient()) {
                    client.send(message.getBytes(ISO_8859_1));
                } else {
                    assertThat(client.receive(message.length()))
                            .as("seed %d", seed)
                            .isEqualTo(message);
                }
            }
            client.shutdownOutput();
            assertThat(client.receiveAll()).isEmpty();
            assertThat(server.scriptProblems()).as("seed %d", seed).isEmpty();
        }
    }

    /** A rule has 64 names at most. */
    @Test
    void manyReturnedValuesFitIntoRule() {
        StringBuilder one = new StringBuilder();
        StringBuilder other = new StringBuilder();
        for (int i = 100; i < 200; i++) {
            one.append("> id ").append(i).append("\\n; < ").append(i).append("\\n;");
            other.append("> id ")
                    .append(i + 100)
                    .append("\\n; < ")
                    .append(i + 100)
                    .append("\\n;");
        }

        Script made = ToScriptTest.recorded(one + "> FIN").toScript(ToScriptTest.recorded(other + "> FIN"));

        assertThat(made.toString())
                .contains("expect line \"id {value1}\", send \"{value1}\\n\"")
                .contains("expect line \"id {value60}\", send \"{value60}\\n\"")
                .endsWith("expect line \"id *\", send \"199\\n\", expect fin");
    }

    @Test
    void refusesSessionsThatDifferInMoreThanValues() throws Exception {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ToScriptTest.recorded("> ab").toScript(ToScriptTest.recorded("> xyz")))
                .withMessage(
                        "connection 1 is not the same session in both recordings: of the client's messages, 2 bytes"
                                + " \"ab\" and 3 bytes \"xyz\" differ in more than values; record the same client twice, or"
                                + " edit the script of one recording");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ToScriptTest.recorded("> ab; < x; > c").toScript(ToScriptTest.recorded("> xy")))
                .withMessageContaining(": the client sent 3 bytes and 2 bytes, in other turns;");
        try (EchoServer one = server().start();
                EchoServer other = server().start()) {
            ToScriptTest.echo(one, "a");
            ToScriptTest.echo(other, "a");
            ToScriptTest.echo(other, "b");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> one.recording().toScript(other.recording()))
                    .withMessage("one recording has 1 connection, and the other 2; record the same client twice");
        }
    }

    /** A client whose ids differ each time is played from two recordings of it. */
    @Test
    void clientWithOtherValuesCompletesMarkedSession() throws Exception {
        List<Recording> recordings = new ArrayList<>();
        for (String id : List.of("id 17 of 3f2a", "id 4 of 99")) {
            try (EchoServer server = server().script("expect line 'id * of {id}', send 'ok {id}\\n'")
                    .start()) {
                identify(server, id);
                recordings.add(server.recording());
            }
        }

        Script made = recordings.get(0).toScript(recordings.get(1));

        assertThat(made)
                .isEqualTo(Script.parse(
                        "connection 1: expect line 'id * of {value1}', send 'ok {value1}\\n', expect fin"));
        try (EchoServer server = server().script(made).start()) {
            identify(server, "id 123 of abc");
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    private static void identify(EchoServer server, String id) throws Exception {
        try (Socket socket = PlainSockets.connect(server.address())) {
            PlainSockets.send(socket, id + "\n");
            PlainSockets.receives(socket, "ok " + id.replaceAll(".* ", "") + "\n");
            Recordings.finish(socket);
        }
        Recordings.ended(server, 1);
    }
}
