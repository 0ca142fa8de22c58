package org.echoharness.dialogue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.Script;
import org.echoharness.text.Tokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SCRIPTS.md against the code: its scripts, and the conversations that it shows with them. */
@Timeout(60)
class ScriptsPageTest {

    private static final int BYTE_BY_BYTE = Integer.MAX_VALUE;

    private static final Pattern EXAMPLE =
            Pattern.compile("### \\d+\\. ([^\n]+)\n\n```echo\n(.*?)\n```\n\n```text\n(.*?)\n```", Pattern.DOTALL);

    /**
     * A script of the page.
     *
     * @param lines of its conversation
     */
    record Example(String title, String script, List<String> lines) {
        @Override
        public String toString() {
            return title;
        }
    }

    static Stream<Example> examples() throws IOException {
        return EXAMPLE.matcher(Files.readString(Path.of("SCRIPTS.md"), UTF_8))
                .results()
                .map((MatchResult found) -> new Example(
                        found.group(1), found.group(2), found.group(3).lines().toList()));
    }

    @Test
    void pageHasFifteenScripts() throws IOException {
        assertThat(examples()).hasSize(15);
    }

    @ParameterizedTest
    @MethodSource("examples")
    void textReadsAsItself(Example example) {
        Script script = Script.parse(example.script());
        assertThat(Script.parse(script.toString())).isEqualTo(script);
    }

    /** Whole, byte by byte, and cut in two at each byte of the client. */
    @ParameterizedTest
    @MethodSource("examples")
    void conversationIsAsShown(Example example) {
        int all = play(example, BYTE_BY_BYTE);
        for (int cut = 0; cut < all; cut++) {
            assertThat(play(example, cut)).isEqualTo(all);
        }
    }

    /** Plays the example, and returns how many bytes the client has sent. */
    private static int play(Example example, int cut) {
        PlayedScript played = PlayedScript.of(example.script()).goOn();
        int read = 0;
        int said = 0;
        for (String line : example.lines()) {
            String what = line.substring(2);
            String as = line + ", cut at " + cut;
            if (line.equals("> FIN")) {
                played.finish();
            } else if (line.equals("> TLS")) {
                assertThat(played.hello).as(as).isEmpty();
                assertThat(played.send("\u0016").goOn().hello).as(as).isNotEmpty();
            } else if (line.startsWith("> ")) {
                send(played, bytes(what), cut == BYTE_BY_BYTE ? cut : cut - said);
                said += bytes(what).length();
            } else if (line.equals("< FIN")) {
                assertThat(played.sent()).as(as).hasSize(read);
                assertThat(played.next).isIn(Dialogue.Next.CLOSE, Dialogue.Next.DONE);
            } else if (what.startsWith("ENDS ")) {
                assertThat(played.sent()).as(as).endsWith(bytes(what.substring("ENDS ".length())));
                read = played.sent().length();
            } else {
                assertThat(played.sent().substring(read)).as(as).isEqualTo(bytes(what));
                read = played.sent().length();
            }
        }
        assertThat(played.next).isNotEqualTo(Dialogue.Next.FAILED);
        return said;
    }

    private static void send(PlayedScript played, String bytes, int cut) {
        if (cut != BYTE_BY_BYTE) {
            int first = Math.max(0, Math.min(cut, bytes.length()));
            played.send(bytes.substring(0, first)).send(bytes.substring(first));
            return;
        }
        for (int i = 0; i < bytes.length(); i++) {
            played.send(bytes.substring(i, i + 1));
        }
    }

    private static String bytes(String quoted) {
        return new Tokens("the page", quoted).quoted();
    }
}
