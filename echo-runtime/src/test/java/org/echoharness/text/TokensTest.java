package org.echoharness.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words of faults and scripts, and the values among them at their limits. */
class TokensTest {

    private static List<String> words(Tokens tokens) {
        List<String> words = new ArrayList<>();
        for (; !tokens.next().isEmpty(); tokens.advance()) {
            words.add(tokens.next() + "@" + tokens.position());
        }
        return words;
    }

    @Test
    void splitsWords() {
        assertThat(words(new Tokens("faults", " a:b;c , d->e{ # f \"g h\" ")))
                .containsExactly("a@1", ":@2", "b@3", ";@4", "c@5", ",@7", "d->e{@9", "#@15", "f@17", "\"g h\"@19");
        assertThat(words(new Tokens("faults", ""))).isEmpty();
    }

    @Test
    void splitsLinesOfScript() {
        assertThat(words(Tokens.ofScript("script", "a->b{c}#d\n->\r\n'e\\'f'\r#g")))
                .containsExactly(
                        "a@0", "->@1", "b@3", "{@4", "c@5", "}@6", "\n@9", "->@10", "\n@12", "'e\\'f'@14", "\n@20");
        Tokens lines = Tokens.ofScript("script", "\n\r\n \n a");
        lines.skipLines();
        assertThat(lines.next()).isEqualTo("a");
        assertThat(lines.position()).isEqualTo(6);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a \"b|faults: at position 3: the quote that begins here is not closed; put a \" after the bytes",
                "\"b\\\"|faults: at position 1: the quote that begins here is not closed; put a \" after the bytes",
                "\"|faults: at position 1: the quote that begins here is not closed; put a \" after the bytes",
            })
    void quotesAreClosed(String text, String message) {
        assertThatThrownBy(() -> words(new Tokens("faults", text))).hasMessage(message);
    }

    @Test
    void readsSizesUpToTheirLimit() {
        assertThat(new Tokens("faults", "2147483647").intSize("fragment")).isEqualTo(Integer.MAX_VALUE);
        assertThat(new Tokens("faults", "1").intSize("fragment")).isEqualTo(1);
        assertThat(new Tokens("faults", "9223372036854775807").size("truncate")).isEqualTo(Long.MAX_VALUE);
        assertThat(new Tokens("faults", "1KiB/s").rate("throttle")).isEqualTo(1024);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tokens("faults", "2147483648").intSize("fragment"))
                .withMessage(
                        "faults: \"2147483648\" at position 1: fragment (2147483648) must be at most 2147483647 bytes");
        for (String zero : new String[] {"0", "0B", "0KiB"}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Tokens("faults", zero).size("truncate"))
                    .withMessage("faults: \"" + zero + "\" at position 1: truncate (0) must be at least 1");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tokens("faults", "0/s").rate("throttle"))
                .withMessage("faults: \"0/s\" at position 1: throttle (0) must be at least 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tokens("faults", "5").rate("throttle"))
                .withMessage("faults: \"5\" at position 1: expected a number of bytes per second such as 64KiB/s");
    }

    @ParameterizedTest
    @CsvSource({"5, 5, 5", "5-9, 5, 9", "5-, 5, 9223372036854775807", "1-1, 1, 1"})
    void readsRanges(String text, long first, long last) {
        Tokens tokens = new Tokens("faults", text + " after");
        assertThat(tokens.range("bytes", "a range")).containsExactly(first, last);
        assertThat(tokens.next()).isEqualTo("after");
    }

    @ParameterizedTest
    @CsvSource({"1st, 1", "2nd, 2", "11th, 11", "103rd, 103"})
    void readsOrdinals(String text, long number) {
        Tokens tokens = new Tokens("faults", text + " message");
        assertThat(tokens.ordinal("every")).isEqualTo(number);
        assertThat(tokens.next()).isEqualTo("message");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0th|faults: \"0th\" at position 1: every (0) must be at least 1",
                "2th|faults: \"2th\" at position 1: expected an ordinal number such as 2nd or 3rd; did you mean 2nd?",
                "nd|faults: \"nd\" at position 1: expected an ordinal number such as 2nd or 3rd",
            })
    void refusesOtherOrdinals(String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tokens("faults", text).ordinal("every"))
                .withMessage(message);
    }

    @Test
    void readsOrDrawsSeed() {
        Tokens given = new Tokens("faults", "seed -7 x");
        assertThat(given.seed()).isEqualTo(-7);
        assertThat(given.next()).isEqualTo("x");
        Tokens none = new Tokens("faults", "x");
        assertThat(none.seed()).isPositive();
        assertThat(none.tried()).containsExactly("seed");
    }

    @Test
    void namesWhatItHasTried() {
        Tokens tokens = new Tokens("faults", "x");
        assertThat(tokens.triedOr("the end")).isEqualTo("the end");
        assertThat(tokens.take(",")).isFalse();
        assertThat(tokens.take(";")).isFalse();
        assertThat(tokens.take(",")).isFalse();
        assertThat(tokens.tryQuoted("a text")).isFalse();
        assertThat(tokens.triedOr("the end")).isEqualTo("a comma, a semicolon, a text or the end");
        assertThat(tokens.take("x")).isTrue();
        assertThat(tokens.tried()).isEmpty();
        assertThat(new Tokens("faults", "'a'").tryQuoted("a text")).isTrue();
    }

    @Test
    void readsEscapes() {
        assertThat(new Tokens("faults", "\"\\n\\r\\t\\0\\\"\\'\\\\\"").quoted()).isEqualTo("\n\r\t\0\"'\\");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "`\"\\x00\\x7F\\xfF\"`, `\0\u007f\u00ff`",
                "`'ü😀'`, `\u00c3\u00bc\u00f0\u009f\u0098\u0080`",
                "`\"\"`, ``",
            })
    void readsQuotedBytes(String quoted, String latin1) {
        Tokens tokens = new Tokens("faults", quoted + " x");
        assertThat(tokens.quoted()).isEqualTo(latin1);
        assertThat(tokens.next()).isEqualTo("x");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`\"ab\\x0\"`|`faults: at position 4: \\x must be followed by two hexadecimal digits, such as \\x00`",
                "`\"\\x\"`|`faults: at position 2: \\x must be followed by two hexadecimal digits, such as \\x00`",
                "`\"\\xg0\"`|`faults: at position 2: \\x must be followed by two hexadecimal digits, such as \\x00`",
                "`\"\\x0g\"`|`faults: at position 2: \\x must be followed by two hexadecimal digits, such as \\x00`",
                "`\"\\q\"`|`faults: at position 2: \\q is not an escape; write \\n, \\r, \\t, \\0, \\xHH, \\\" or \\\\`",
                "`\"a\uFFFD\"`|`faults: at position 3: it was not decoded: set a UTF-8 locale, such as LC_ALL=C.UTF-8, or write the bytes as \\xHH`",
                "`\"\\*\"`|`faults: at position 2: \\* is not an escape; write \\n, \\r, \\t, \\0, \\xHH, \\\" or \\\\`",
            })
    void refusesOtherEscapes(String quoted, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tokens("faults", quoted).quoted())
                .withMessage(message);
    }

    @Test
    void templatesKeepWhatWasEscaped() {
        assertThat(Tokens.ofScript("script", "\"\\*\\{\\\\\\x2a\\x7b\\x5c*{a\"").quoted("a pattern", true))
                .isEqualTo("\\*\\{\\\\\\*\\{\\\\*{a");
        assertThat(Tokens.ofScript("script", "\"\\*\\{\\\\\"").quoted("bytes", false))
                .isEqualTo("*{\\");
    }

    /** Positions in a script of several lines; quotes and comments have line ends of their own. */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "`x`, position 1",
                "`x\n`, position 1",
                "`\nx`, `line 2, column 1`",
                "`a\nb  x`, `line 2, column 4`",
                "`a\r\n x`, `line 2, column 2`",
                "`a\rb\nx`, `line 3, column 1`",
                "`'a\nb' x\n\n.`, `line 1, column 7`",
                "`'\\'\n' x\n\n.`, `line 1, column 7`",
                "`#'\nx`, `line 2, column 1`",
                "`#\"\n'\n'x`, `line 2, column 4`",
            })
    void namesLineAndColumn(String text, String place) {
        Tokens tokens = Tokens.ofScript("script", text);
        assertThat(tokens.refused(text.indexOf('x'), "why")).hasMessage("script: at " + place + ": why");
    }
}
