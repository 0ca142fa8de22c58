package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.script.FrameLength.U16;
import static org.echoharness.script.FrameLength.U32;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.echoharness.script.Expectation;
import org.echoharness.script.Step;
import org.echoharness.support.PageTables;
import org.junit.jupiter.api.Test;

/** The tables of steps and of expectations on the page SCRIPTS, and the sentences below them. */
class ScriptTablesPageTest {

    private static final PageTables PAGE = PageTables.of(Path.of("SCRIPTS.md"));

    @Test
    void everyStepHasRowThatReads() {
        List<String> texts = PAGE.rows("step").stream()
                .map(row ->
                        PageTables.codesIn(row.get(0)).get(0).replace(", …", "").replace("{ … }", "{ wait 1ms }"))
                .toList();
        List<Object> steps = texts.stream()
                .map(text -> (Object)
                        Script.parse(text).rules().get(0).steps().get(0).getClass())
                .toList();

        assertThat(steps).containsExactlyInAnyOrder((Object[]) Step.class.getPermittedSubclasses());
    }

    /** The times that rows name beside a step. */
    @Test
    void limitsOfRowsRead() {
        for (List<String> row : PAGE.rows("step")) {
            String step = PageTables.codesIn(row.get(0)).get(0);
            PageTables.codesIn(row.get(1)).stream()
                    .filter(code -> code.startsWith("within"))
                    .forEach(within -> assertThat(
                                    Script.parse(step + " " + within).toString())
                            .endsWith(within));
        }
    }

    /** Texts of the page, and the Java beside them; the test below compares the Java of the page with this source. */
    private static final Map<String, Expectation> EXPECTATIONS = new LinkedHashMap<>();

    static {
        EXPECTATIONS.put("\"HELLO\\n\"", Expectation.bytes("HELLO\n"));
        EXPECTATIONS.put("hex \"00 1f\"", Expectation.hexBytes("00 1f"));
        EXPECTATIONS.put("line \"EHLO {host}\"", Expectation.line("EHLO {host}"));
        EXPECTATIONS.put("16", Expectation.size(16));
        EXPECTATIONS.put("through \"\\r\\n\\r\\n\"", Expectation.through("\r\n\r\n"));
        EXPECTATIONS.put("frame u16 \"ok{rest}\"", Expectation.frame(U16, "ok{rest}"));
        EXPECTATIONS.put("fin", Expectation.fin());
        EXPECTATIONS.put(
                "\"Q\" frame u32 minus 4",
                Expectation.sequence(Expectation.bytes("Q"), Expectation.frame(U32.minus(4))));
    }

    @Test
    void textEqualsJavaBesideIt() throws IOException {
        List<List<String>> rows = PAGE.rows("text");
        assertThat(rows.stream().map(row -> PageTables.codesIn(row.get(0)).get(0)))
                .containsExactlyElementsOf(EXPECTATIONS.keySet());
        EXPECTATIONS.forEach(
                (text, java) -> assertThat(Script.parse("expect " + text)).isEqualTo(Script.of(Step.expect(java))));
        String source = withoutSpace(
                Files.readString(Path.of("src", "test", "java", "org", "echoharness", "ScriptTablesPageTest.java")));
        for (List<String> row : rows) {
            String literal =
                    PageTables.codesIn(row.get(0)).get(0).replace("\\", "\\\\").replace("\"", "\\\"");
            String java = PageTables.codesIn(row.get(1)).get(0);
            assertThat(source).contains(withoutSpace("put(\"" + literal + "\", " + java.replaceFirst("…\\)$", "")));
        }
    }

    private static String withoutSpace(String text) {
        return text.replaceAll("\\s", "");
    }

    /** Lengths and data, which stand in sentences. */
    @Test
    void sentencesHaveWordsOfCode() {
        String lengths = sentence("A length is ");
        assertThat(lengths).isEqualTo("A length is `u8`, `u16`, `u24`, `u32` or `varint`");
        for (String length : PageTables.codesIn(lengths)) {
            Script.parse("expect frame " + length + " \"x\"");
            if (!length.equals("u8") && !length.equals("varint")) {
                Script.parse("send frame " + length + " le \"x\"");
            }
        }
        String data = sentence("`send` takes one or more of: ");
        String all = PageTables.codesIn(data).stream()
                .filter(code -> !code.equals("send") && !code.startsWith("file"))
                .collect(Collectors.joining(" "));
        assertThat(Script.parse("send \"a\" " + all).rules()).hasSize(1);
        String escapes = sentence("The escapes are ");
        assertThat(Arrays.asList("\\n", "\\r", "\\t", "\\0", "\\xHH", "\\\"", "\\'", "\\\\"))
                .isEqualTo(PageTables.codesIn(escapes));
        for (String escape : PageTables.codesIn(escapes)) {
            Script.parse("send \"" + escape.replace("HH", "1f") + "\"");
        }
    }

    private static String sentence(String start) {
        int from = PAGE.text().indexOf(start);
        assertThat(from).as(start).isNotNegative();
        return PAGE.text().substring(from).lines().findFirst().orElseThrow().replaceFirst("(?<=`)\\. .*", "");
    }
}
