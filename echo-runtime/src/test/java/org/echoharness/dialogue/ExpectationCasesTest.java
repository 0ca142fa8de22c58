package org.echoharness.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.echoharness.text.Escaping;
import org.echoharness.text.Tokens;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each expectation, as a step and as a case: what matches it, a near miss, and a client that ends, resets or goes on at each
 * byte. The exact errors.
 */
@Timeout(60)
class ExpectationCasesTest {

    private static void played(String script, String bytes, boolean finishes, String outcome) {
        for (int cut = 0; cut <= bytes.length(); cut++) {
            PlayedScript whole = PlayedScript.of(script).goOn();
            whole.send(bytes.substring(0, cut)).send(bytes.substring(cut));
            assertThat((finishes ? whole.finish() : whole).outcome())
                    .as("%s cut at %d", script, cut)
                    .isEqualTo(outcome);
        }
        PlayedScript single = PlayedScript.of(script).goOn();
        for (int i = 0; i < bytes.length(); i++) {
            single.send(bytes.substring(i, i + 1));
        }
        assertThat((finishes ? single.finish() : single).outcome()).isEqualTo(outcome);
    }

    private static String seen(String bytes, String end) {
        String quoted = Escaping.quote(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)));
        return bytes.isEmpty() ? end : quoted + ", then " + end;
    }

    /**
     * @param match what the client sends
     * @param miss what it sends otherwise
     * @param seen what the error shows of that
     */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "AB"                   | "AB"                       | "AC"                       | "AC"
            hex "00ff"             | "\\x00\\xff"               | "\\x00\\xfe"               | "\\x00\\xfe"
            line "QUIT"            | "QUIT\\r\\n"               | "QUIX"                     | "QUIX"
            line "A*Z"             | "A12Z\\n"                  | "A12\\n"                   | "A12\\n"
            line "A{x}-{y}"        | "Ab-c\\n"                  | "B"                        | "B"
            line "A{x:2}Z"         | "A12Z\\r\\n"               | "A123"                     | "A123"
            line "*"               | "any\\n"                   |                            |
            3                      | "abc"                      |                            |
            through "--"           | "a-b--"                    |                            |
            frame u8               | "\\x02ab"                  |                            |
            frame u8 "ab"          | "\\x02ab"                  | "\\x02ac"                  | "\\x02ac"
            frame u8 "ab"          | "\\x02ab"                  | "\\x03"                    | a length of 3
            frame u16              | "\\x00\\x02ab"             |                            |
            frame u16 "a*"         | "\\x00\\x03abc"            | "\\x00\\x03b"              | "\\x00\\x03b"
            frame u16 le           | "\\x02\\x00ab"             |                            |
            frame u16 le "{x}z"    | "\\x02\\x00az"             | "\\x02\\x00ab"             | "\\x02\\x00ab"
            frame u24              | "\\x00\\x00\\x01a"         |                            |
            frame u24 le "a"       | "\\x01\\x00\\x00a"         | "\\x01\\x00\\x00b"         | "\\x01\\x00\\x00b"
            frame u32              | "\\x00\\x00\\x00\\x01a"    |                            |
            frame u32 le "a"       | "\\x01\\x00\\x00\\x00a"    | "\\x02\\x00\\x00\\x00"     | a length of 2
            frame u32 minus 4      | "\\x00\\x00\\x00\\x05a"    | "\\x00\\x00\\x00\\x03"     | a length of 3, less than 4
            frame u8 plus 1 "*z"   | "\\x02abz"                 | "\\x02abc"                 | "\\x02abc"
            frame varint           | "\\x02ab"                  | "\\xff\\xff\\xff\\xff\\xff" | a varint of more than 5 bytes: "\\xff\\xff\\xff\\xff\\xff"
            frame varint "{x}b"    | "\\x02ab"                  | "\\x02ac"                  | "\\x02ac"
            "Q" frame u32 minus 4  | "Q\\x00\\x00\\x00\\x05a"   | "R"                        | "R"
            "$" line "{n}" line "{v}" "." | "$3\\r\\nabc\\r\\n." | "$3\\r\\nabc\\r\\n;"      | "$3\\r\\nabc\\r\\n;"
            """)
    void endsAsItsBytesSay(String expectation, String match, String miss, String seen) {
        String bytes = new Tokens("match", match).quoted();
        String expected =
                "step 1 of 2: expected " + expectation + (expectation.equals("3") ? " bytes" : "") + ", seen ";
        String step = "expect " + expectation + ", send \"ok\"";
        String single = "answer { " + expectation + " -> send \"ok\" }, send \".\"";

        played(step, bytes, true, "ok | DONE");
        played(single, bytes + bytes, true, "okok. | DONE");
        played(
                step,
                bytes + "z",
                false,
                "ok | FAILED after step 2 of 2: expected the client's FIN, seen 1 byte more: \"z\"");
        for (int i = 0; i < bytes.length(); i++) {
            String part = bytes.substring(0, i);
            String fin = seen(part, "the client's FIN");
            played(step, part, true, " | FAILED " + expected + fin);
            played(single, part, true, part.isEmpty() ? ". | DONE" : " | FAILED " + expected + fin);
            String reset = expected + seen(part, "a reset by the client");
            assertThat(PlayedScript.of(step).goOn().send(part).leftOver()).isEqualTo(reset);
            assertThat(PlayedScript.of(single).goOn().send(part).leftOver())
                    .isEqualTo(part.isEmpty() ? "nothing" : reset);
        }
        if (miss != null) {
            String missed = new Tokens("miss", miss).quoted();
            played(step, missed, false, " | FAILED " + expected + seen);
            played(single, missed, false, " | FAILED " + expected + seen);
            played(single, bytes + missed, false, "ok | FAILED " + expected + seen);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            expect fin, send "ok"                     |   | true  | ok | DONE
            expect fin, send "ok"                     | z | false |    | FAILED step 1 of 2: expected fin, seen "z"
            answer { fin -> send "ok" }               |   | true  | ok | DONE
            answer { fin -> send "ok" }               | z | false |    | FAILED step 1 of 1: expected fin, seen "z"
            answer { "a" -> { }, fin -> send "ok" }   | aa | true | ok | DONE
            """)
    void finIsExpected(String script, String bytes, boolean finishes, String sent, String end) {
        played(script, bytes == null ? "" : bytes, finishes, (sent == null ? "" : sent) + " | " + end);
    }
}
