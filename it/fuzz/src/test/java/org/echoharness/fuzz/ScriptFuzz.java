package org.echoharness.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.echoharness.Script;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts of scripts. One that can be read has two texts that are read as the same script. */
class ScriptFuzz {

    static Stream<Arguments> seeds() {
        return Inputs.seeds(
                "none",
                "echo",
                "send \"220 ready\\r\\n\", expect line \"EHLO {host}\", send \"250 hello {host}\\r\\n\", close",
                "answer { line \"PING\" -> send \"PONG\\r\\n\", line \"ECHO {text}\" -> send \"{text}\\r\\n\" }",
                "first 1: send \"busy\\r\\n\", close; others: expect \"HELLO\\n\" within 2s, send hex \"00 01 ff\", echo",
                "expect 16, wait 50ms, half-close, expect fin",
                "repeat 2 { expect through \"\\n\", send 'B' }, reset",
                "repeat {\n  expect 4KiB # all\n  send file \"a.bin\"\n}\n",
                "expect frame u32 le minus 4 \"{a:4}*\", send frame u16 { \"a\" hex \"00\" frame varint \"{a}\" }",
                "answer {\n  frame u8 \"x*\" -> { }\n  frame u24 -> { send frame u24 plus 3 \"\"\n wait 1s }\n  fin -> close\n}",
                "start tls within 5s, expect \"a\" hex \"0d0a\" line \"\\*\\{{b}\"",
                "connections 2-: echo; random 50% seed 3: expect fin",
                // No script, but all words, for the fuzzer to take from:
                "expect send answer -> repeat wait echo close half-close reset start tls within hex line frame through fin"
                        + " file u8 u16 u24 u32 varint le plus minus { } {a} {a:4} \\x00 \\* \\{ \\\\ ' missing none #"
                        + " connection connections first every random seed others");
    }

    @MethodSource("seeds")
    @FuzzTest
    void script(byte[] input) {
        String text = Inputs.text(input);
        Script script;
        try {
            script = Script.parse(text);
        } catch (IllegalArgumentException refused) {
            Inputs.assertRefusal(refused, "script: ", input.length);
            return;
        }
        assertThat(Script.parse(script.toString())).as(text).isEqualTo(script);
        assertThat(Script.parse(script.formatted())).as(text).isEqualTo(script);
        Inputs.assertShown(script.toString());
        Inputs.assertShown(script.formatted().replace("\n", ""));
        if (!text.contains("file")) { // which the server would read
            try {
                EchoServer.builder().script(script).build();
            } catch (IllegalArgumentException refused) {
                Inputs.assertRefusal(refused, "", input.length);
            }
        }
    }
}
