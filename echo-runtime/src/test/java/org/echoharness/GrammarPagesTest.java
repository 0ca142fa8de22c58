package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The grammars of the pages FAULTS and SCRIPTS against the parsers, in both directions: the grammar has every plan and
 * script, and the parser reads every text of the grammar, or refuses it for what it means.
 */
@Timeout(60)
class GrammarPagesTest {

    private static final int TEXTS = 500;
    private static final Pattern BLOCK =
            Pattern.compile("## The grammar\\R(?:\\R|<!--.*-->\\R)*```text\\R(.*?)```", Pattern.DOTALL);

    private static PageGrammar grammar(String page) throws IOException {
        return new PageGrammar(BLOCK.matcher(Files.readString(Path.of(page)))
                .results()
                .map(found -> found.group(1))
                .findFirst()
                .orElseThrow());
    }

    @Test
    void grammarOfFaultsHasEveryPlan() throws IOException {
        PageGrammar grammar = grammar("FAULTS.md");
        Random random = new Random(42);
        for (int i = 0; i < TEXTS; i++) {
            String plan = (i % 2 == 0 ? new Plans(random, 200) : Plans.withTls(random, 200))
                    .plan()
                    .toString();
            assertThat(grammar.has("plan", plan)).as(plan).isTrue();
        }
        assertThat(grammar.has("plan", "connection 1: reset after 4; others: none"))
                .isTrue();
        assertThat(grammar.has("plan", "connection 1: reset after")).isFalse();
    }

    @Test
    void grammarOfScriptsHasEveryScript() throws IOException {
        PageGrammar grammar = grammar("SCRIPTS.md");
        String faults = grammar("FAULTS.md").names().toString();
        assertThat(faults).contains("connections");
        Random random = new Random(42);
        for (int i = 0; i < TEXTS / 4; i++) {
            String steps = Script.of(new Scripts(random, 8).rule()).toString();
            assertThat(grammar.has("steps", steps)).as(steps).isTrue();
        }
        assertThat(grammar.has("steps", "expect line \"a\", send \"b\"\nclose")).isTrue();
        assertThat(grammar.has("steps", "expect line")).isFalse();
    }

    static Stream<Arguments> parsers() {
        return Stream.of(
                Arguments.of("FAULTS.md", "plan", (Consumer<String>) FaultPlan::parse),
                Arguments.of("SCRIPTS.md", "steps", (Consumer<String>) Script::parse));
    }

    /** An error about the words of a text says what was expected; others are about what the text means. */
    @ParameterizedTest
    @MethodSource("parsers")
    void parserReadsEveryTextOfGrammar(String page, String rule, Consumer<String> parser) throws IOException {
        PageGrammar grammar = grammar(page);
        Random random = new Random(42);
        int read = 0;
        for (int i = 0; i < TEXTS; i++) {
            String text = grammar.random(rule, random);
            Throwable refused = catchThrowable(() -> parser.accept(text));
            if (refused == null) {
                read++;
            } else {
                assertThat(refused).as(text).isInstanceOf(IllegalArgumentException.class);
                assertThat(refused.getMessage()).as(text).doesNotContain("expected ");
            }
        }
        assertThat(read).as("texts that the parser reads").isGreaterThan(TEXTS / 20);
    }
}
