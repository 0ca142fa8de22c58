package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.echoharness.script.Data.file;
import static org.echoharness.script.Data.framed;
import static org.echoharness.script.Data.hex;
import static org.echoharness.script.Expectation.bytes;
import static org.echoharness.script.Expectation.fin;
import static org.echoharness.script.Expectation.frame;
import static org.echoharness.script.Expectation.line;
import static org.echoharness.script.Expectation.sequence;
import static org.echoharness.script.Expectation.size;
import static org.echoharness.script.Expectation.through;
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
import static org.echoharness.script.Step.waitFor;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.echoharness.dialogue.StepParser;
import org.echoharness.script.Data;
import org.echoharness.script.FrameLength;
import org.echoharness.script.Step;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The error for a wrong script: the position, the text there, and what was expected. Java refuses the same steps. */
@Timeout(60)
class ScriptErrorsTest {

    private static final String STEP = StepParser.STEP;
    private static final String FIRST =
            STEP + ", connections (connection, connections, first, every, random, others) or none";
    private static final String WHAT =
            "what to expect (bytes in quotes, hex, line, frame, through, fin, or a size such as 16)";
    private static final String DATA = "what to send (bytes in quotes, hex, file or frame)";

    /** In a text, {@code ⏎} is a line end; in an error, the words in capitals stand for lists. */
    @ParameterizedTest(name = "{index}: {0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', maxCharsPerColumn = 10_000, textBlock = """
            ` `                                                          | the end at position 2: expected FIRST
            sedn "x"                                                     | "sedn" at position 1: expected FIRST; did you mean send?
            none, close                                                  | "," at position 5: expected the end of the script, because none stands alone
            none⏎close                                                   | "close" at line 2, column 1: expected the end of the script, because none stands alone
            ;                                                            | ";" at position 1: expected FIRST
            ->                                                           | "->" at position 1: expected FIRST
            missing "\\x1b[31m\\n2 bytes"                                 | at position 1: \\x1b[31m\\n2 bytes
            send                                                         | the end at position 5: expected DATA
            send hello                                                   | "hello" at position 6: expected DATA
            send "a" hello                                               | "hello" at position 10: expected hex, file, frame, a comma, a semicolon or the end of the script
            send { "a" hello }                                           | "hello" at position 12: expected hex, file, frame or }
            send { }                                                     | "}" at position 8: expected DATA
            send { "a",                                                  | "," at position 11: expected hex, file, frame or }
            send hex "0 1"                                               | at position 10: hex (0 1) must have two digits for each byte, such as 00 1f
            send hex "0g"                                                | at position 10: hex (0g) must have hexadecimal digits and spaces alone, such as 00 1f
            send hex "ABC"                                               | at position 10: hex (ABC) must have two digits for each byte, such as 00 1f
            send hex 00                                                  | "00" at position 10: expected the bytes in quotes, such as "00 1f"
            send hex                                                     | the end at position 9: expected the bytes in quotes, such as "00 1f"
            send file no.txt                                             | "no.txt" at position 11: expected the name in quotes, such as "answer.bin"
            send file " "                                                | at position 11: file (" ") must be a name
            send frame u8                                                | the end at position 14: expected the body in quotes, hex, file or {
            send frame u23 "a"                                           | "u23" at position 12: expected a length (u8, u16, u24, u32, varint); did you mean u24?
            send frame u32 el "x"                                        | "el" at position 16: expected the body in quotes, hex, file or {
            send frame u32 frame u8 "x"                                  | "frame" at position 16: expected the body in quotes, hex, file or {
            send frame u32 plus 2 "a"                                    | at position 12: frame u32 plus 2 holds at least 2 bytes, and these are 1
            send "\\{who}", send "{who}, expect                           | at position 21: the quote that begins here is not closed; put a " after the bytes
            expect "HELLO                                                | at position 8: the quote that begins here is not closed; put a " after the bytes
            expect 'HELLO"                                               | at position 8: the quote that begins here is not closed; put a ' after the bytes
            expect lin "A"                                               | "lin" at position 8: expected WHAT; did you mean line?
            expect fni                                                   | "fni" at position 8: expected WHAT; did you mean fin?
            expect line                                                  | the end at position 12: expected the pattern in quotes, such as "EHLO {host}"
            expect line EHLO                                             | "EHLO" at position 13: expected the pattern in quotes, such as "EHLO {host}"
            expect "\\q"                                                  | at position 9: \\q is not an escape; write \\n, \\r, \\t, \\0, \\xHH, \\" or \\\\, and in patterns \\* or \\{
            expect "a\\xZ0"                                               | at position 10: \\x must be followed by two hexadecimal digits, such as \\x00
            expect "a\\x0"                                                | at position 10: \\x must be followed by two hexadecimal digits, such as \\x00
            expect ""                                                    | at position 8: expect ("") must be at least one byte
            expect hex ""                                                | at position 12: expect ("") must be at least one byte
            expect through ""                                            | at position 16: through ("") must be at least one byte
            expect line "{a}{a}"                                         | at position 13: {a} is captured twice in one pattern; give each a name of its own
            expect line "{a}{b}"                                         | at position 13: {a} has no end, because {b} follows it at once; put text between them, or say how many bytes, such as {a:4}
            expect line "*{b}"                                           | at position 13: * has no end, because {b} follows it at once; put text between them, or say how many bytes, such as {a:4}
            expect line "x{a:0}"                                         | at position 13: a capture (0) must be at least 1
            expect line "a\\nb"                                           | at position 13: line ("a\\nb") must have no line end; a line ends by itself, with LF or CR LF
            expect frame u32 "{a}{b:2}{c}"                               | at position 18: {a} has no end, because {c} follows it at once; put text between them, or say how many bytes, such as {a:4}
            send "{who}", expect line "{who}"                            | at position 6: {who} is sent before a step can have captured it; write the expect first, or \\{who} for the text itself
            send "{who}", answer { line "{who}" -> echo }                | at position 6: {who} is sent before a step can have captured it; write the expect first, or \\{who} for the text itself
            answer { line "A" -> send frame u8 "{who}", line "B" -> expect line "{who}" } | at position 36: {who} is sent before a step can have captured it; write the expect first, or \\{who} for the text itself
            expect frame                                                 | the end at position 13: expected a length (u8, u16, u24, u32, varint)
            expect frame u23                                             | "u23" at position 14: expected a length (u8, u16, u24, u32, varint); did you mean u24?
            expect frame u32 el "x"                                      | "el" at position 18: expected le, plus, minus, hex, line, frame, through, within, a comma, a semicolon or the end of the script
            expect frame u8 le                                           | at position 14: u8 has one byte; leave le out
            expect frame varint le                                       | at position 14: a varint has an order of its own; leave le out
            expect frame u32 minus                                       | the end at position 23: expected a number of bytes such as 16 or 4KiB
            expect frame u32 minus 0                                     | "0" at position 24: minus (0) must be at least 1
            expect frame u32 plus 65KiB                                  | at position 14: plus (66560) must be at most 65536 bytes
            expect 0                                                     | "0" at position 8: expect (0) must be at least 1
            expect 4x                                                    | "4x" at position 8: expect (4x) must be a size in bytes, such as 16, 16KiB or 1GiB
            expect 4 bytes                                               | "bytes" at position 10: expected hex, line, frame, through, within, a comma, a semicolon or the end of the script
            expect within 2s                                             | "within" at position 8: expected WHAT
            expect "A" within 2                                          | "2" at position 19: within (2) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
            expect "A" within                                            | the end at position 18: expected a duration such as 50ms or 2s
            expect "A" within 366h days                                  | "days" at position 24: expected a comma, a semicolon or the end of the script
            expect "A" within 9000h                                      | "9000h" at position 19: within (9000h) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
            start                                                        | the end at position 6: expected tls after start
            start now                                                    | "now" at position 7: expected tls after start
            starttls                                                     | "starttls" at position 1: expected FIRST; did you mean start tls?
            start tls within                                             | the end at position 17: expected a duration such as 50ms or 2s
            start tls 2s                                                 | "2s" at position 11: expected within, a comma, a semicolon or the end of the script
            start tls, start tls                                         | at position 12: TLS has started before; leave this start tls out
            repeat 2 { start tls }                                       | at position 12: TLS starts once; write start tls before the repeat
            half-close, start tls                                        | at position 13: nothing can be sent after half-close; write start tls before it
            echo, start tls                                              | at position 7: start tls would never be met, because the client's FIN has come before it; leave it out
            answer { fin -> start tls }                                  | at position 17: start tls would never be met, because the client's FIN has come before it; leave it out
            close, start tls                                             | at position 8: start tls would never be reached, because close before it ends the connection; leave it out
            start tls, answer { line "A" -> start tls }                  | at position 33: TLS has started before; leave this start tls out
            wait fast                                                    | "fast" at position 6: expected a duration such as 50ms or 2s
            wait                                                         | the end at position 5: expected a duration such as 50ms or 2s
            wait 0ms                                                     | "0ms" at position 6: wait (0s) must be at least 1ms and at most 365 days
            repeat 0 { echo }                                            | "0" at position 8: repeat (0) must be at least 1
            repeat 1000001 { expect 1 }                                  | "1000001" at position 8: repeat (1000001) must be at most 1000000
            repeat 2 echo                                                | "echo" at position 10: expected { before the steps that are repeated
            repeat { }                                                   | "}" at position 10: expected STEP
            repeat 2 { }                                                 | "}" at position 12: expected STEP
            repeat 2 { expect 1                                          | the end at position 20: expected hex, line, frame, through, within, a comma or }
            repeat 2 {⏎  expect 1⏎                                       | the end at line 3, column 1: expected }
            answer line                                                  | "line" at position 8: expected { before the cases
            answer { }                                                   | "}" at position 10: expected WHAT
            answer { line "A" send "B" }                                 | "send" at position 19: expected -> after what a case expects
            answer { line "A" -> }                                       | "}" at position 22: expected a step, or { before several
            answer { line "A" -> sned "B" }                              | "sned" at position 22: expected a step, or { before several; did you mean send?
            answer { line "A" -> send "B"                                | the end at position 30: expected hex, file, frame, a comma or }
            answer { line "A" -> send "B",                               | the end at position 31: expected }
            answer { line "A" -> send "B"; line "C" -> close }           | ";" at position 30: expected hex, file, frame, a comma or }; a semicolon stands between rules alone
            answer { line "*" -> echo, line "A" -> close }               | at position 28: the case (line "A" -> close) would never apply, because the case before it (line "*") takes every line; write that one last
            answer { line "{x}" -> echo, line "A{y}" -> close }          | at position 30: the case (line "A{y}" -> close) would never apply, because the case before it (line "{x}") takes every line; write that one last
            answer { "AB" -> echo, "AB" -> close }                       | at position 24: the case ("AB" -> close) would never apply, because a case before it expects the same; leave one out
            answer { "AB" -> echo, "ABC" -> close }                      | at position 24: the case ("ABC" -> close) would never apply, because the case before it ("AB") takes the bytes first; write the longer one first
            answer { fin -> send "bye", line "A" -> { }, fin -> close }  | at position 46: the case (fin -> close) would never apply, because a case before it expects the same; leave one out
            close, send "x"                                              | at position 8: send would never be reached, because close before it ends the connection; leave it out
            reset, close                                                 | at position 8: close would never be reached, because reset before it ends the connection; leave it out
            repeat { expect 1, close, send "x" }                         | at position 27: send would never be reached, because close before it ends the connection; leave it out
            repeat 2 { close }, send "x"                                 | at position 21: send would never be reached, because close before it ends the connection; leave it out
            answer { line "A" -> { close, send "x" } }                   | at position 31: send would never be reached, because close before it ends the connection; leave it out
            half-close, send "x"                                         | at position 13: nothing can be sent after half-close; write send before it
            half-close, half-close                                       | at position 13: the output ends once; leave this half-close out
            half-close, echo                                             | at position 13: nothing can be sent after half-close; write echo before it
            repeat 2 { expect 1, half-close }                            | at position 22: the round before ends the output with half-close; write half-close after the repeat
            expect fin, expect "x"                                       | at position 13: expect would never be met, because the client's FIN has come before it; leave it out
            expect fin, echo                                             | at position 13: echo would never be met, because the client's FIN has come before it; leave it out
            echo, expect "x"                                             | at position 7: expect would never be met, because the client's FIN has come before it; leave it out
            echo, answer { line "A" -> { } }                             | at position 7: answer would never be met, because the client's FIN has come before it; leave it out
            answer { line "A" -> { } }, expect "x"                       | at position 29: expect would never be met, because the client's FIN has come before it; leave it out
            repeat { expect 1 }, expect "x"                              | at position 22: expect would never be met, because the client's FIN has come before it; leave it out
            repeat 2 { echo }                                            | at position 12: echo would never be met again, because the round before it goes on until the client's FIN; write it after the repeat, or leave the repeat out
            repeat 2 { expect fin }                                      | at position 12: the client's FIN comes once; write expect fin after the repeat
            repeat { answer { line "A" -> { } } }                        | at position 10: answer would never be met again, because the round before it goes on until the client's FIN; write it after the repeat, or leave the repeat out
            expect "A" send "B"                                          | "send" at position 12: expected hex, line, frame, through, within, a comma, a semicolon or the end of the script
            expect "A",, send "B"                                        | "," at position 12: expected STEP
            expect "A"⏎,send "B"                                         | "," at line 2, column 1: expected STEP
            expect "A"; ; send "B"                                       | ";" at position 13: expected FIRST
            first 1 send "x"                                             | "send" at position 9: expected a colon after the connections
            first 1                                                      | the end at position 8: expected a colon after the connections
            first x: close                                               | "x" at position 7: expected a number of connections such as 2
            frist 1: close                                               | "frist" at position 1: expected FIRST; did you mean first?
            send "x"; first 2: close                                     | at position 11: the rule (first 2: close) would never apply, because the rule before it (others: send "x") is for all connections; write that one last
            send "x"; others: close                                      | at position 11: the rule (others: close) would never apply, because the rule before it (others: send "x") is for all connections; write that one last
            first 2: close; connection 1: reset                          | at position 17: the rule (connection 1: reset) would never apply, because the rules before it are for the same connections; write it before them, or leave it out
            answer { line "A" -> { send "B"; close } }                   | ";" at position 32: expected hex, file, frame, a comma or }; a semicolon stands between rules alone
            echo }                                                       | "}" at position 6: expected a comma, a semicolon or the end of the script
            close -> echo                                                | "->" at position 7: expected a comma, a semicolon or the end of the script
            send "A"⏎expect line "B"⏎sedn "C"                            | "sedn" at line 3, column 1: expected STEP; did you mean send?
            `# a comment⏎send "A" # "⏎sedn`                              | "sedn" at line 3, column 1: expected STEP; did you mean send?
            answer {⏎  line "PING" => send "PONG"⏎}                      | "=>" at line 2, column 15: expected -> after what a case expects; did you mean ->?
            answer {⏎  line "A" -> send "B"⏎  line "*" -> close⏎  line "C" -> echo⏎} | at line 4, column 3: the case (line "C" -> echo) would never apply, because the case before it (line "*") takes every line; write that one last
            send 'a⏎b' sedn                                              | "sedn" at position 12: expected hex, file, frame, a comma, a semicolon or the end of the script
            send 'a⏎b'⏎sedn                                              | "sedn" at line 2, column 1: expected STEP; did you mean send?
            repeat 2 { send "x", half-close }                            | at position 12: the round before ends the output with half-close; write half-close after the repeat
            expect "A⏎                                                   | at position 8: the quote that begins here is not closed; put a " after the bytes
            `# only a comment`                                           | the end at position 17: expected FIRST
            """)
    void namesPositionAndWhatWasExpected(String text, String error) {
        String script = text.replace('⏎', '\n');
        String expected = error.replace("FIRST", FIRST)
                .replace("STEP", STEP)
                .replace("WHAT", WHAT)
                .replace("DATA", DATA);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.parse(script))
                .withMessage("script: " + expected);
    }

    @Test
    void textThatLooksLikeEndIsNoEnd() {
        assertThat(Script.parse("none # only an echo\n")).isEqualTo(Script.none());
        assertThat(Script.parse("\n\nnone\n")).isEqualTo(Script.none());
        assertThat(Script.parse("send \"a; b } # c\"")).isEqualTo(Script.of(send("a; b } # c")));
    }

    record Refused(String text, ThrowingCallable java) {
        @Override
        public String toString() {
            return text;
        }
    }

    private static Refused refused(String text, ThrowingCallable java) {
        return new Refused(text, java);
    }

    /** What the parser cannot get past, such as a missing brace, cannot be written in Java. */
    static Stream<Refused> refusedInJava() {
        return Stream.of(
                refused("send hex \"0 1\"", () -> Script.of(send(hex("0 1")))),
                refused("send hex \"0g\"", () -> Script.of(send(hex("0g")))),
                refused("send \"\"", () -> Script.of(send(""))),
                refused("send file \" \"", () -> Script.of(send(file(" ")))),
                refused("send frame u8 \"" + "x".repeat(300) + "\"", () -> framed(U8, "x".repeat(300))),
                refused("send frame u32 plus 2 \"a\"", () -> framed(U32.plus(2), "a")),
                refused("expect \"\"", () -> expect("")),
                refused("expect hex \"\"", () -> bytes(new byte[0])),
                refused("expect through \"\"", () -> through("")),
                refused("expect line \"{a}{a}\"", () -> line("{a}{a}")),
                refused("expect line \"{a}{b}\"", () -> line("{a}{b}")),
                refused("expect line \"x{a:0}\"", () -> line("x{a:0}")),
                refused("expect line \"a\\nb\"", () -> line("a\nb")),
                refused("expect frame u32 \"*{c}\"", () -> frame(U32, "*{c}")),
                refused("expect frame u8 le", U8::littleEndian),
                refused("expect frame varint le", VARINT::littleEndian),
                refused("expect frame u32 minus 0", () -> U32.minus(0)),
                refused("expect 0", () -> expect(0)),
                refused("wait 0ms", () -> waitFor(Duration.ZERO)),
                refused("expect 1 within 0s", () -> expect(size(1)).within(Duration.ZERO)),
                refused("repeat 0 { echo }", () -> repeat(0, echo())),
                refused("repeat 1000001 { echo }", () -> repeat(1_000_001, echo())),
                refused("send \"{a}\", expect line \"{a}\"", () -> Script.of(send("{a}"), expect(line("{a}")))),
                refused(
                        "send frame u8 \"{a}\", expect frame u8 \"{a}\"",
                        () -> Script.of(send(framed(U8, "{a}")), expect(frame(U8, "{a}")))),
                refused("close, send \"x\"", () -> Script.of(close(), send("x"))),
                refused("repeat 2 { reset }, echo", () -> Script.of(repeat(2, reset()), echo())),
                refused("half-close, send \"x\"", () -> Script.of(halfClose(), send("x"))),
                refused("half-close, half-close", () -> Script.of(halfClose(), halfClose())),
                refused("repeat { send \"x\", half-close }", () -> Script.of(repeat(send("x"), halfClose()))),
                refused("expect fin, expect 1", () -> Script.of(expect(fin()), expect(1))),
                refused("repeat 2 { expect fin }", () -> Script.of(repeat(2, expect(fin())))),
                refused("repeat 2 { echo }", () -> Script.of(repeat(2, echo()))),
                refused(
                        "answer { line \"*\" -> echo, line \"A\" -> close }",
                        () -> Script.of(answer(on(line("*"), echo()), on(line("A"), close())))),
                refused(
                        "answer { \"A\" -> echo, \"AB\" -> close }",
                        () -> Script.of(answer(on(bytes("A"), echo()), on(bytes("AB"), close())))),
                refused("send \"x\"; first 2: close", () -> Script.of(send("x")).on(Connections.first(2), close())));
    }

    @ParameterizedTest
    @MethodSource
    void refusedInJava(Refused refused) {
        String text = message(() -> Script.parse(refused.text()));
        String java = message(refused.java());

        assertThat(text).endsWith(": " + java.replaceFirst("^script: ", ""));
    }

    private static String message(ThrowingCallable call) {
        Throwable thrown = catchThrowable(call);
        assertThat(thrown).isInstanceOf(IllegalArgumentException.class);
        return String.valueOf(thrown.getMessage());
    }

    @Test
    void limitsDepthOfSteps() {
        Step nested = echo();
        for (int i = 0; i < 15; i++) {
            nested = repeat(1, nested);
        }
        assertThat(Script.parse(Script.of(nested).toString())).isEqualTo(Script.of(nested));

        Step tooDeep = repeat(1, nested);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.of(tooDeep))
                .withMessage("script: steps are nested more than 16 deep");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.parse("repeat 1 { ".repeat(10_000)))
                .withMessage("script: at position 177: steps are nested more than 16 deep");
        Step everyCase = echo();
        for (int i = 0; i < 16; i++) {
            everyCase = answer(on(line("A"), everyCase));
        }
        Step inCases = everyCase;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.of(inCases))
                .withMessage("script: steps are nested more than 16 deep");
    }

    @Test
    void limitsDepthOfFrames() {
        Data nested = Data.text("x");
        for (int i = 0; i < 16; i++) {
            nested = framed(FrameLength.U16, nested);
        }
        assertThat(Script.parse(Script.of(send(nested)).toString())).isEqualTo(Script.of(send(nested)));

        Data tooDeep = nested;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> framed(U32, tooDeep))
                .withMessage("frames are nested more than 16 deep");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.parse("send " + "frame u8 { ".repeat(90_000)))
                .withMessage("script: at position 182: frames are nested more than 16 deep");
    }

    @Test
    void limitsNumbersOfStepsCasesAndNames() {
        assertThat(Script.of(Collections.nCopies(10_000, expect(1)).toArray(new Step[0]))
                        .rules())
                .hasSize(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.parse("wait 1s" + ", wait 1s".repeat(10_000)))
                .withMessage("script: at position 90001: a rule has at most 10000 steps");
        Step.Case[] cases = Stream.iterate(0, i -> i + 1)
                .limit(1_001)
                .map(i -> on(line("A" + i)))
                .toArray(Step.Case[]::new);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.of(answer(cases)))
                .withMessage("script: answer has at most 1000 cases, and this 1001");
        Step[] names = Stream.iterate(0, i -> i + 1)
                .limit(65)
                .map(i -> expect(line("{a" + i + "}")))
                .toArray(Step[]::new);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.of(names))
                .withMessage("script: a rule captures at most 64 names, and this 65");
    }

    @Test
    void limitsLengthOfText() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.parse(" ".repeat((16 << 20) + 1)))
                .withMessage(
                        "script: the text must be at most 16 MiB, and has 16777217 characters; send long data with file");
    }

    @Test
    void namesOptionThatHasText() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Script.Parser("scriptFile (smtp.echo)", "close\nsedn").script())
                .withMessage("scriptFile (smtp.echo): \"sedn\" at line 2, column 1: expected " + STEP
                        + "; did you mean send?");
    }

    @Test
    void refusesRulesWithoutSteps() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Script.none().on(Connections.others()))
                .withMessage("script: a rule must have a step");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sequence(bytes("A"), fin()))
                .withMessage("expect (fin) must not be a part of a sequence");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Step.Send(List.of()))
                .withMessage("send () must have something to send");
    }
}
