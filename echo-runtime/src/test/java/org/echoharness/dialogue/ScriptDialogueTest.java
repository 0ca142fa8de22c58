package org.echoharness.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.echoharness.Script;
import org.echoharness.memory.HeldMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a script does with what a client sends. Each row is played whole, cut at every byte, and byte by byte. */
@Timeout(60)
class ScriptDialogueTest {

    private static final String FIN = "<FIN>";

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            expect "AB"                      | AB<FIN>            | DONE
            expect "AB"                      | AX                 | FAILED step 1 of 1: expected "AB", seen "AX"
            expect "AB"                      | A<FIN>             | FAILED step 1 of 1: expected "AB", seen "A", then the client's FIN
            expect "AB"                      | <FIN>              | FAILED step 1 of 1: expected "AB", seen the client's FIN
            expect hex "00ff"                | \\x00\\xff<FIN>    | DONE
            expect hex "00ff"                | \\x00\\xfe         | FAILED step 1 of 1: expected hex "00ff", seen "\\x00\\xfe"
            expect line "A"                  | A\\r\\n<FIN>       | DONE
            expect line "A"                  | A\\n<FIN>          | DONE
            expect line "A"                  | A\\rB              | FAILED step 1 of 1: expected line "A", seen "A\\rB"
            expect line "A"                  | B                  | FAILED step 1 of 1: expected line "A", seen "B"
            expect line "A"                  | \\n                | FAILED step 1 of 1: expected line "A", seen "\\n"
            expect line ""                   | \\r\\n<FIN>        | DONE
            expect line "*"                  | \\r\\n<FIN>        | DONE
            expect line "A{x}", send "[{x}]" | Abc\\r\\n<FIN>     | [bc]DONE
            expect line "A{x}", send "[{x}]" | A\\n<FIN>          | []DONE
            expect line "A{x:2}B", send "{x}" | A12B\\n<FIN>      | 12DONE
            expect line "A{x:2}B"            | A12C               | FAILED step 1 of 1: expected line "A{x:2}B", seen "A12C"
            expect line "{a}, {b}", send "{b}{a}" | x, y, z\\n<FIN> | y, zxDONE
            expect line "{a}=*=", send "{a}" | k=v=\\n<FIN>       | kDONE
            expect line "{a}=*="             | k=v\\n             | FAILED step 1 of 1: expected line "{a}=*=", seen "k=v\\n"
            expect line "\\*\\{a}"           | *{a}\\n<FIN>       | DONE
            expect 4                         | abcd<FIN>          | DONE
            expect 4                         | abc<FIN>           | FAILED step 1 of 1: expected 4 bytes, seen "abc", then the client's FIN
            expect through "\\r\\n\\r\\n"    | a\\r\\n\\r\\n\\r\\n<FIN> | FAILED after step 1 of 1: expected the client's FIN, seen 2 bytes more: "\\r\\n"
            expect through "\\r\\n\\r\\n"    | a\\r\\n\\r\\r\\n\\r\\n<FIN> | DONE
            expect through "\\r\\n\\r\\n"    | a\\r\\n<FIN>       | FAILED step 1 of 1: expected through "\\r\\n\\r\\n", seen "a\\r\\n", then the client's FIN
            expect frame u8 "ab"             | \\x02ab<FIN>       | DONE
            expect frame u16 "ab"            | \\x00\\x02ab<FIN>  | DONE
            expect frame u16 le "ab"         | \\x02\\x00ab<FIN>  | DONE
            expect frame u24 "{x}", send "{x}" | \\x00\\x00\\x03abc<FIN> | abcDONE
            expect frame u32                 | \\x00\\x00\\x00\\x00<FIN> | DONE
            expect frame u32 le minus 4 "a*" | \\x06\\x00\\x00\\x00ab<FIN> | DONE
            expect frame u8 plus 1 "*z"      | \\x02abz<FIN>      | DONE
            expect frame varint "{x}", send frame varint "{x}" | \\x01a<FIN> | \\x01aDONE
            expect frame u16 "ab"            | \\x00\\x03         | FAILED step 1 of 1: expected frame u16 "ab", seen a length of 3
            expect frame u16 "ab"            | \\x00\\x02ax       | FAILED step 1 of 1: expected frame u16 "ab", seen "\\x00\\x02ax"
            expect frame u16 "a*"            | \\x00\\x02b        | FAILED step 1 of 1: expected frame u16 "a*", seen "\\x00\\x02b"
            expect frame u16                 | \\x00\\x02a<FIN>   | FAILED step 1 of 1: expected frame u16, seen "\\x00\\x02a", then the client's FIN
            expect frame u32 minus 4         | \\x00\\x00\\x00\\x02 | FAILED step 1 of 1: expected frame u32 minus 4, seen a length of 2, less than 4
            expect frame varint              | \\xff\\xff\\xff\\xff\\xff | FAILED step 1 of 1: expected frame varint, seen a varint of more than 5 bytes: "\\xff\\xff\\xff\\xff\\xff"
            expect fin, send "bye"           | <FIN>              | byeDONE
            expect fin                       | x                  | FAILED step 1 of 1: expected fin, seen "x"
            expect "A" line "b" 2 "C", send "ok" | Ab\\r\\nxyC<FIN> | okDONE
            expect "A" line "b" 2 "C"        | Ab\\r\\nxyD        | FAILED step 1 of 1: expected "A" line "b" 2 "C", seen "Ab\\r\\nxyD"
            echo, send "bye"                 | abc<FIN>           | abcbyeDONE
            send "x", close                  |                    | xCLOSE
            reset                            |                    | RESET
            expect "A", half-close, expect "B" | AB<FIN>          | DONE
            half-close, expect "A"           | B                  | FAILED step 2 of 2: expected "A", seen "B"
            repeat 2 { expect "A", send "x" } | AA<FIN>           | xxDONE
            repeat 2 { expect "A" }          | AB                 | FAILED step 1 of 1, round 2 of 2, step 1 of 1: expected "A", seen "B"
            repeat { expect "A", send "x" }  | AA<FIN>            | xxDONE
            repeat { expect "AB" }, send "." | ABAB<FIN>          | .DONE
            repeat { expect "AB" }           | ABA<FIN>           | FAILED step 1 of 1, round 2, step 1 of 1: expected "AB", seen "A", then the client's FIN
            repeat { send "x", expect "A" }  | AA<FIN>            | xxxDONE
            repeat 2 { repeat 2 { expect "A" }, send "x" } | AAAA<FIN> | xxDONE
            repeat 2 { repeat 2 { expect "A" } } | AAAB           | FAILED step 1 of 1, round 2 of 2, step 1 of 1, round 2 of 2, step 1 of 1: expected "A", seen "B"
            answer { line "A" -> send "x", line "B" -> close } | A\\nA\\n<FIN> | xxDONE
            answer { line "A" -> send "x", line "B" -> close } | A\\nB\\n | xCLOSE
            answer { line "A" -> send "x", line "B" -> close } | C | FAILED step 1 of 1: expected one of line "A" or line "B", seen "C"
            answer { line "A" -> { expect "1", send "x" } } | A\\n2 | FAILED step 1 of 1, case 1 of 1, step 1 of 2: expected "1", seen "2"
            answer { "ABC" -> send "3", "AB" -> send "2" } | AB<FIN> | 2DONE
            answer { "ABC" -> send "3", "AB" -> send "2" } | ABC<FIN> | 3DONE
            answer { "AB" -> send "2" }, send "." | ABA<FIN>      | 2FAILED step 1 of 2: expected "AB", seen "A", then the client's FIN
            answer { "A" -> { }, fin -> send "bye" }, send "." | AA<FIN> | bye.DONE
            answer { "u" line "{u}" -> send "hi {u}", "?" -> send "{u}" } | ? | FAILED step 1 of 1, case 2 of 2, step 1 of 1: {u} is sent, and nothing was captured for it yet
            answer { "u" line "{u}" -> send "hi {u}.", "?" -> send "{u}." } | uX\\n?uY\\n?<FIN> | hi X.X.hi Y.Y.DONE
            expect "A"                       | ABC                | FAILED after step 1 of 1: expected the client's FIN, seen
            answer { "ABC" -> close, "AD" -> close } | AB<FIN>    | FAILED step 1 of 1: expected one of "ABC" or "AD", seen "AB", then the client's FIN
            answer { "A" -> half-close, "B" -> send "x" } | AB    | FAILED step 1 of 1, case 2 of 2, step 1 of 1: nothing can be sent after half-close
            repeat 2 { expect "k" line "{a}", send "{a}" }, send "{a}" | k1\\nk2\\n<FIN> | 122DONE
            send '{"a":{b}} {c}', expect line "{d}" | x\\n<FIN>   | {"a":{b}} {c}DONE
            """)
    void answersAlikeHoweverCut(String script, String client, String outcome) {
        String bytes = client == null ? "" : unescaped(client.replace(FIN, ""));
        boolean finishes = client != null && client.endsWith(FIN);
        String expected = outcome.contains("FAILED") ? outcome : unescaped(outcome);
        for (int cut = 0; cut <= bytes.length(); cut++) {
            PlayedScript played = PlayedScript.of(script).goOn();
            played.send(bytes.substring(0, cut)).send(bytes.substring(cut));
            compare(finishes ? played.finish() : played, expected, cut);
        }
        PlayedScript single = PlayedScript.of(script).goOn();
        for (int i = 0; i < bytes.length(); i++) {
            single.send(bytes.substring(i, i + 1));
        }
        compare(finishes ? single.finish() : single, expected, -1);
    }

    private static void compare(PlayedScript played, String outcome, int cut) {
        String seen = played.outcome().replace(" | ", "");
        if (outcome.contains("FAILED")) {
            // what has come of a message when it fails depends on the cut; all before it does not
            int end = outcome.lastIndexOf("seen ");
            assertThat(seen)
                    .as("cut at %d", cut)
                    .startsWith(outcome.substring(0, end < 0 ? outcome.length() : end + 5));
            if (cut == 0) {
                assertThat(seen).startsWith(outcome);
            }
        } else {
            assertThat(seen).as("cut at %d", cut).isEqualTo(outcome);
        }
    }

    private static String unescaped(String text) {
        StringBuilder bytes = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                bytes.append(c);
                continue;
            }
            char escape = text.charAt(++i);
            switch (escape) {
                case 'r' -> bytes.append('\r');
                case 'n' -> bytes.append('\n');
                default -> {
                    bytes.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                    i += 2;
                }
            }
        }
        return bytes.toString();
    }

    @Test
    void withinLimitsWait() {
        PlayedScript played =
                PlayedScript.of("wait 10ms, expect \"HELLO\\n\" within 50ms").goOn();
        assertThat(played.at(9).wake()).isEqualTo(10_000_000);
        assertThat(played.at(10).wake()).isEqualTo(60_000_000);
        played.send("HEL").at(59);
        assertThat(played.next).isEqualTo(Dialogue.Next.MORE);

        assertThat(played.at(60).outcome())
                .isEqualTo(" | FAILED step 2 of 2: expected \"HELLO\\n\" within 50ms, seen \"HEL\"");
    }

    @Test
    void withinSeesNothing() {
        assertThat(PlayedScript.of("expect \"A\" within 50ms").goOn().at(50).outcome())
                .isEqualTo(" | FAILED step 1 of 1: expected \"A\" within 50ms, seen nothing");
    }

    @Test
    void waitPutsOffWhatComes() {
        PlayedScript played = PlayedScript.of("wait 50ms, send \"x\", echo").goOn();
        played.send("abc").at(49);
        assertThat(played.sent()).isEmpty();

        assertThat(played.at(50).sent()).isEqualTo("xabc");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            expect "AB"                            | A  | step 1 of 1: expected "AB", seen "A", then a reset by the client
            send "x", expect "A"                   |    | step 2 of 2: expected "A", seen a reset by the client
            answer { "AB" -> send "x" }            |    | nothing
            answer { "AB" -> send "x" }            | A  | step 1 of 1: expected "AB", seen "A", then a reset by the client
            answer { "AB" -> send "x" }, expect fin | AB | nothing
            repeat { expect "AB" }                 |    | nothing
            repeat { expect "AB" }                 | A  | step 1 of 1, round 1, step 1 of 1: expected "AB", seen "A", then a reset by the client
            repeat { expect "A", expect "B" }      | A  | step 1 of 1, round 1, step 2 of 2: expected "B", seen a reset by the client
            repeat 2 { expect "A" }                | A  | step 1 of 1, round 2 of 2, step 1 of 1: expected "A", seen a reset by the client
            repeat 2 { expect "A" }                | AA | nothing
            echo                                   | A  | nothing
            wait 1h, send "x", close               |    | nothing
            wait 1h, repeat 3 { send "x" }         |    | nothing
            """)
    void namesStepsLeftOver(String script, String client, String left) {
        PlayedScript played = PlayedScript.of(script).goOn();
        assertThat(played.send(client == null ? "" : client).leftOver()).isEqualTo(left);
    }

    @Test
    void skipsWhatDoesNotFit() {
        String script =
                "answer { \"P\" 100 -> send \"100\", \"T\" through \"END\" -> send \"T\", frame u16 -> send \"F\" }";
        String body = "x".repeat(100);
        String client = "P" + body + "T" + body + "ENxEND" + "\0d" + body + "P" + body;
        PlayedScript played = PlayedScript.of(script, 16).goOn().send(client).finish();

        assertThat(played.outcome()).isEqualTo("100TF100 | DONE");
        assertThat(played.matched).isEqualTo(client.length());
        assertThat(played.messages).isEqualTo(4);
    }

    @Test
    void keepsCapturesOfMessageThatDoesNotFit() {
        String script = "expect line \"{a}\" 20 line \"{b}\" through \"END\", send \"[{a}|{b}]\"";
        String client = "one\n" + "x".repeat(20) + "two\r\n" + "y".repeat(30) + "ENEND";
        for (int cut = 0; cut <= client.length(); cut++) {
            PlayedScript played = PlayedScript.of(script, 8).goOn();
            played.send(client.substring(0, cut)).send(client.substring(cut)).finish();
            assertThat(played.outcome()).as("cut at %d", cut).isEqualTo("[one|two] | DONE");
        }
    }

    @Test
    void capturesValuesOfAnyLength() {
        PlayedScript played = PlayedScript.of("repeat { expect line \"{a}\", send frame u8 \"{a}\", send \"{a};\" }")
                .goOn();
        StringBuilder expected = new StringBuilder();
        for (int length : new int[] {3, 1, 0, 2, 64, 63, 65, 0, 200, 100, 99, 200}) {
            String value = "abcdefgh".repeat(25).substring(0, length);
            played.send(value + "\n");
            expected.append((char) length).append(value).append(value).append(';');
        }
        assertThat(played.finish().outcome()).isEqualTo(expected + " | DONE");
    }

    @Test
    void loopMayEndBeforeLongMessage() {
        assertThat(PlayedScript.of("repeat { expect 100 }", 16)
                        .goOn()
                        .send("x".repeat(100))
                        .finish()
                        .outcome())
                .isEqualTo(" | DONE");
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThat(PlayedScript.of("expect line \"A*\"", 8)
                        .goOn()
                        .send("AAAAAAAA")
                        .outcome())
                .isEqualTo(
                        " | FAILED step 1 of 1: expected line \"A*\" of at most 8 bytes (bufferSize), seen 8 bytes without a"
                                + " line end: \"AAAAAAAA\"");
        assertThat(PlayedScript.of("answer { line \"A*\" -> close }", 8)
                        .goOn()
                        .send("AAAAAAAA")
                        .outcome())
                .endsWith("seen 8 bytes without a line end: \"AAAAAAAA\"");
        assertThat(PlayedScript.of("expect frame u16 \"a*\"", 8)
                        .goOn()
                        .send("\0\7")
                        .outcome())
                .isEqualTo(
                        " | FAILED step 1 of 1: expected frame u16 \"a*\" of at most 8 bytes (bufferSize), seen a length of 7");
    }

    @Test
    void recordsSteps() {
        PlayedScript played = PlayedScript.of(
                        "send \"220\", expect line \"A{x}\", answer { \"B\" -> { send \"x\" }, \"C\" -> close }")
                .goOn()
                .send("Ay\nBC");

        assertThat(played.steps)
                .isEqualTo(List.of(
                        "step 1 of 3: send",
                        "step 2 of 3: line \"A{x}\"",
                        "step 3 of 3, case 1: \"B\"",
                        "step 3 of 3, case 1 of 2, step 1 of 1: send",
                        "step 3 of 3, case 2: \"C\"",
                        "step 3 of 3, case 2 of 2, step 1 of 1: close"));
        assertThat(played.messages).isEqualTo(3);
        assertThat(played.matched).isEqualTo(5);
    }

    @Test
    void capturesGiveBackMemory() {
        long before = HeldMemory.used();
        PlayedScript played =
                PlayedScript.of("answer { line \"{x}\" -> send \"{x}\" }").goOn();
        played.send("abc\ndefgh\n");
        assertThat(HeldMemory.used()).isEqualTo(before + 5);

        played.release();
        assertThat(HeldMemory.used()).isEqualTo(before);
    }

    @Test
    void longDifferenceIsShownInPart() {
        String start = "x".repeat(100);
        assertThat(PlayedScript.of("expect \"" + start + "ABC\"")
                        .goOn()
                        .send(start + "AXC")
                        .mismatch()
                        .seen())
                .isEqualTo("\"XC\" at offset 101");
    }

    @Test
    void stepBeginsOnce() {
        assertThat(PlayedScript.of("echo").goOn().send("a").send("b").finish().steps)
                .containsExactly("step 1 of 1: echo");
    }

    @Test
    void waitsForRoom() {
        for (String script : new String[] {"echo", "expect 'abcde', send 'abcde'"}) {
            PlayedScript played =
                    new PlayedScript(Script.parse(script).rules().get(0).steps(), 64, 2);
            assertThat(played.goOn().send("abcde").finish().outcome()).isEqualTo("abcde | DONE");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"expect 11, expect 'X', send 'ok'", "expect through '\n', expect 'X', send 'ok'"})
    void skipsWhatDoesNotFit(String script) {
        for (int buffer = 3; buffer < 12; buffer++) {
            PlayedScript played = PlayedScript.of(script, buffer).goOn();
            assertThat(played.send("0123456789\n").outcome()).isEqualTo(" | MORE");
            assertThat(played.send("X").outcome()).isEqualTo("ok | DONE");
            assertThat(PlayedScript.of(script, buffer)
                            .goOn()
                            .send("0123456789\nX")
                            .outcome())
                    .isEqualTo("ok | DONE");
        }
    }

    @Test
    void loopThatTakesNothingEndsAfterFin() {
        PlayedScript played =
                PlayedScript.of("repeat { wait 10ms, send 'x' }, send '.'").goOn();
        assertThat(played.at(10).finish().outcome()).isEqualTo("x | MORE");
        assertThat(played.at(20).outcome()).isEqualTo("xx. | DONE");
    }

    @Test
    void someStepsReadWhenTheirTimeIsUp() {
        assertThat(PlayedScript.of("expect 'A' within 10ms").goOn().readsAtWake())
                .isTrue();
        assertThat(PlayedScript.of("start tls within 10ms").goOn().readsAtWake())
                .isTrue();
        assertThat(PlayedScript.of("wait 10ms").goOn().readsAtWake()).isFalse();
    }

    @Test
    void frozenTimeDoesNotCount() {
        PlayedScript waits = PlayedScript.of("wait 10ms, send 'x'").goOn();
        waits.stoodStill(5);
        assertThat(waits.wake()).isEqualTo(15_000_000);
        assertThat(waits.at(14).outcome()).isEqualTo(" | MORE");
        assertThat(waits.at(15).outcome()).isEqualTo("x | DONE");
        PlayedScript expects = PlayedScript.of("expect 'A'").goOn();
        expects.stoodStill(5);
        assertThat(expects.wake()).isEqualTo(Dialogue.NEVER);
    }

    @Test
    void findsStartOfTlsInAnyStep() {
        for (String script : new String[] {
            "start tls",
            "repeat 1 { start tls }",
            "answer { 'A' -> start tls }",
            "answer { 'A' -> close, 'B' -> start tls }"
        }) {
            assertThat(startsTls(script)).as(script).isTrue();
        }
        assertThat(startsTls("echo")).isFalse();
        assertThat(startsTls("repeat 2 { expect 'A' }, answer { 'B' -> send 'x' }"))
                .isFalse();
    }

    private static boolean startsTls(String script) {
        return StepChecks.startsTls(Script.parse(script).rules().get(0).steps());
    }

    @Test
    void allowsLongestRules() {
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < 64; i++) {
            names.append("{n").append(i).append("} ");
        }
        assertThat(Script.parse("expect line '" + names + "'").rules()).hasSize(1);
        StringBuilder cases = new StringBuilder();
        for (int i = 0; i < 1_000; i++) {
            cases.append(i == 0 ? "" : ", ").append("'").append(1_000 + i).append("' -> close");
        }
        assertThat(Script.parse("answer { " + cases + " }").rules()).hasSize(1);
    }
}
