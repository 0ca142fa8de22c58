package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.script.Data.file;
import static org.echoharness.script.Data.framed;
import static org.echoharness.script.Data.hex;
import static org.echoharness.script.Data.text;
import static org.echoharness.script.Expectation.bytes;
import static org.echoharness.script.Expectation.fin;
import static org.echoharness.script.Expectation.frame;
import static org.echoharness.script.Expectation.hexBytes;
import static org.echoharness.script.Expectation.line;
import static org.echoharness.script.Expectation.size;
import static org.echoharness.script.Expectation.through;
import static org.echoharness.script.FrameLength.U16;
import static org.echoharness.script.FrameLength.U24;
import static org.echoharness.script.FrameLength.U32;
import static org.echoharness.script.FrameLength.U8;
import static org.echoharness.script.FrameLength.VARINT;
import static org.echoharness.script.Step.answer;
import static org.echoharness.script.Step.close;
import static org.echoharness.script.Step.echo;
import static org.echoharness.script.Step.expect;
import static org.echoharness.script.Step.halfClose;
import static org.echoharness.script.Step.on;
import static org.echoharness.script.Step.repeat;
import static org.echoharness.script.Step.reset;
import static org.echoharness.script.Step.send;
import static org.echoharness.script.Step.startTls;
import static org.echoharness.script.Step.waitFor;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.echoharness.script.Expectation;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Scripts as text and in Java. */
@Timeout(120)
class ScriptTest {

    private static final long SEED = Long.getLong("seed", 42);

    record Same(String text, Script script) {
        @Override
        public String toString() {
            return text;
        }
    }

    private static Same same(String text, Script script) {
        return new Same(text, script);
    }

    /** The canonical text of each script. */
    static Stream<Same> textsAndJava() {
        return Stream.of(
                same("none", Script.none()),
                same(
                        "send \"220 ready\\r\\n\", expect line \"EHLO {host}\", send \"250 hello {host}\\r\\n\","
                                + " expect line \"QUIT\", send \"221 bye\\r\\n\", close",
                        Script.of(
                                send("220 ready\r\n"),
                                expect(line("EHLO {host}")),
                                send("250 hello {host}\r\n"),
                                expect(line("QUIT")),
                                send("221 bye\r\n"),
                                close())),
                same(
                        "answer { line \"PING\" -> send \"PONG\\r\\n\", line \"ECHO {text}\" -> send \"{text}\\r\\n\","
                                + " line \"QUIT\" -> { send \"BYE\\r\\n\", close } }",
                        Script.of(answer(
                                on(line("PING"), send("PONG\r\n")),
                                on(line("ECHO {text}"), send("{text}\r\n")),
                                on(line("QUIT"), send("BYE\r\n"), close())))),
                same(
                        "repeat 2 { expect frame u32, send frame u32 \"ok\" }, expect fin",
                        Script.of(repeat(2, expect(frame(U32)), send(framed(U32, "ok"))), expect(fin()))),
                same(
                        "first 1: send \"busy\\r\\n\", close; others: expect \"HELLO\\n\" within 2s, send hex \"0001ff\","
                                + " echo",
                        Script.none()
                                .on(Connections.first(1), send("busy\r\n"), close())
                                .on(
                                        Connections.others(),
                                        expect("HELLO\n").within(Duration.ofSeconds(2)),
                                        send(hex("00 01 ff")),
                                        echo())),
                same("connection 3: reset", Script.none().on(Connections.number(3), reset())),
                same("random 10% seed 42: echo", Script.none().on(Connections.random(10, 42), echo())),
                same(
                        "expect 16, wait 50ms, half-close",
                        Script.of(expect(16), waitFor(Duration.ofMillis(50)), halfClose())),
                same("start tls, expect fin", Script.of(startTls(), expect(fin()))),
                same(
                        "answer { line \"STARTTLS\" -> start tls within 500ms }",
                        Script.of(answer(on(line("STARTTLS"), startTls().within(Duration.ofMillis(500)))))),
                same("expect 4KiB", Script.of(expect(size(4096)))),
                same("expect through \"\\r\\n\\r\\n\"", Script.of(expect(through("\r\n\r\n")))),
                same(
                        "expect \"Q\" frame u32 minus 4 \"{sql}\\x00\"",
                        Script.of(expect(bytes("Q"), frame(U32.minus(4), "{sql}\0")))),
                same("expect \"*1\\r\\n$4\\r\\nPING\\r\\n\"", Script.of(expect("*1\r\n$4\r\nPING\r\n"))),
                same("expect line \"a\\*b\\{c}*{d:4}\"", Script.of(expect(line("a\\*b\\{c}*{d:4}")))),
                same(
                        "expect frame u16 le plus 1",
                        Script.of(expect(frame(U16.littleEndian().plus(1))))),
                same(
                        "expect frame u24 \"\", expect frame varint",
                        Script.of(expect(frame(U24, "")), expect(frame(VARINT)))),
                same("expect hex \"00ff\"", Script.of(expect(hexBytes("00 ff")))),
                same("expect line \"grüße €\"", Script.of(expect(line("grüße €")))),
                same("repeat { expect 1 }", Script.of(repeat(expect(1)))),
                same(
                        "answer { fin -> send \"bye\", line \"PONG\" -> { } }",
                        Script.of(answer(on(fin(), send("bye")), on(line("PONG"))))),
                same(
                        "send \"a\" hex \"00ff\" file \"a b.bin\"",
                        Script.of(send(text("a"), hex("00 ff"), file("a b.bin")))),
                same(
                        "send '{\"a\": {b}}', expect line \"{c}\""
                                .replace("'", "\"")
                                .replace("{\"a\"", "{\\\"a\\\""),
                        Script.of(send("{\"a\": {b}}"), expect(line("{c}")))),
                same("expect line \"{a}\", send \"{a}\\{a}\"", Script.of(expect(line("{a}")), send("{a}\\{a}"))),
                same("send frame u8 { }", Script.of(send(framed(U8)))),
                same(
                        "send frame u8 { \"a\" frame u16 hex \"01\" }",
                        Script.of(send(framed(U8, text("a"), framed(U16, hex("01")))))));
    }

    @ParameterizedTest
    @MethodSource("textsAndJava")
    void textEqualsJava(Same same) {
        assertThat(Script.parse(same.text())).isEqualTo(same.script());
        assertThat(same.script()).hasToString(same.text());
    }

    @Test
    void textMayBeWrittenFreely() {
        Script script = Script.of(
                expect(line("EHLO {host}")),
                send(text("250 hello {host}\r\n"), hex("00")),
                answer(on(line("A"), send("B"), close()), on(line("C"))));
        List<String> texts = List.of(
                script.toString(),
                """
                # the first line
                expect line 'EHLO {host}'   # and a comment
                send {
                  "250 hello {host}\\r\\n"
                  hex "0 0 " # as "0 0" is refused, this is not
                }
                """.replace("0 0 ", " 00 ").replace("as \"0 0\" is refused, this is not", "'a' quote")
                        + "answer {\n\n line \"A\" -> { send \"B\",\n close }\n line \"C\" -> {\n}\n}\n",
                "expect line \"EHLO {host}\",\r\nsend \"250 hello {host}\r\n\" hex '00'\r\n"
                        + "answer{line'A'->{send'B'\rclose,}line'C'->{},}".replace("}line", "}\rline"),
                "others :\n\nexpect line \"EHLO \\x7bhost}\"".replace("\\x7b", "{")
                        + ", send \"250 hello {host}\\x0d\\n\" hex \"00\", answer { line \"A\" -> { send { \"B\" }, close },"
                        + " line \"C\" -> { } }");

        assertThat(texts).allSatisfy(text -> assertThat(Script.parse(text)).isEqualTo(script));
    }

    @Test
    void escapesAreNeverSpecial() {
        assertThat(Script.parse("expect line \"\\x2a\\*\\{a}\\x7bb}\\\\\""))
                .isEqualTo(Script.of(expect(line("\\*\\*\\{a}\\{b}\\\\"))));
        assertThat(Script.parse("expect line \"{a}\", send \"\\x7ba} \\{a} {a} {b} *\""))
                .isEqualTo(Script.of(expect(line("{a}")), send("\\{a} \\{a} {a} {b} *")));
        assertThat(Script.parse("expect \"* {a} \\* \\{\"")).isEqualTo(Script.of(expect("* {a} * {")));
    }

    @Test
    void lineEndInQuotesIsItself() {
        assertThat(Script.parse("send \"a\r\nb\"")).isEqualTo(Script.parse("send \"a\\r\\nb\""));
    }

    @Test
    void jsonNeedsNoEscapes() {
        assertThat(Script.parse("expect line 'CONNECT {options}', send '{\"a\":{\"b\":[1,{}]},\"c\":\"{d}\"}'"))
                .isEqualTo(Script.of(expect(line("CONNECT {options}")), send("{\"a\":{\"b\":[1,{}]},\"c\":\"{d}\"}")));
    }

    @Test
    void firstRuleForConnectionApplies() throws Exception {
        Script script = Script.parse("first 1: close; connection 3: reset");
        InetSocketAddress client = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

        assertThat(script.steps(1, client)).containsExactly(close());
        assertThat(script.steps(2, client)).isNull();
        assertThat(script.steps(3, client)).containsExactly(reset());
        assertThat(Script.none().steps(1, client)).isNull();
    }

    @Tag("random")
    @Test
    void randomScriptsAreReadBack() {
        Random random = new Random(SEED);
        Scripts scripts = new Scripts(random, 12);
        for (int i = 0; i < 10_000; i++) {
            Script script = scripts.script();
            String text = script.toString();
            assertThat(Script.parse(text))
                    .as("script %s of seed %s: %s", i, SEED, text)
                    .isEqualTo(script)
                    .hasToString(text);
            assertThat(text).doesNotContain("\n").doesNotContain("\r");
        }
    }

    @Test
    void randomScriptsHaveEveryKind() {
        Scripts scripts = new Scripts(new Random(SEED), 12);
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 1_000; i++) {
            all.append(scripts.script()).append('\n');
        }
        assertThat(all)
                .contains(
                        "echo",
                        "close",
                        "half-close",
                        "reset",
                        "wait ",
                        " within ",
                        "repeat {",
                        "repeat 2 {",
                        "answer {",
                        " -> { }",
                        "expect fin",
                        "line \"",
                        "through \"",
                        "hex \"",
                        "frame u8",
                        "frame u16 le",
                        "frame u24",
                        "frame u32",
                        "frame varint",
                        " plus ",
                        " minus ",
                        "send frame u32 { ",
                        "{key:2}",
                        "connection 1: ",
                        "others: ");
    }

    @Test
    void patternsAreKeptAsText() {
        Expectation.Line line = new Expectation.Line("a\\b\\{c");
        assertThat(line.pattern()).isEqualTo("a\\\\b{c");
        assertThat(line).hasToString("line \"a\\\\b{c\"");
    }
}
