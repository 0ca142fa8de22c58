package org.echoharness.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a backslash makes of the character after it. {@code ScriptTest} has the rest. */
class TemplateTest {

    @ParameterizedTest
    @CsvSource({"'\\', '\\'", "'a\\', 'a\\'", "'\\n', '\\n'", "'\\*\\{a}\\\\', '*{a}\\'"})
    void readsLiteral(String text, String latin1) {
        assertThat(Template.of(text, true).parts()).containsExactly(new Template.Literal(latin1));
    }
}
