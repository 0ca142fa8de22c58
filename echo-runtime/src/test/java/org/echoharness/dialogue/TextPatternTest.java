package org.echoharness.dialogue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.echoharness.memory.RingBuffer;
import org.echoharness.text.Template;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Patterns match, and capture, as regular expressions with gaps that take as few bytes as possible. */
@Timeout(120)
class TextPatternTest {

    private static final int PAIRS = 100_000;
    private static final int NAMES = 4;
    private static final List<String> PARTS = List.of("a", "b", "ab", "aa", "aab", "*", "{v}", "{w}", "{x:1}", "{y:2}");

    /** Returns a pattern with few different bytes, so that many texts match almost. */
    private static String pattern(Random random) {
        StringBuilder pattern = new StringBuilder();
        boolean isOpen = false; // since a gap without a length, no literal has come
        for (int i = random.nextInt(7); i > 0; i--) {
            String part = PARTS.get(random.nextInt(PARTS.size()));
            boolean isGap = part.length() < 4 && "*{".indexOf(part.charAt(0)) >= 0;
            boolean isTaken = part.startsWith("{") && pattern.indexOf(part) >= 0;
            if ((isGap && isOpen) || isTaken) {
                continue;
            }
            pattern.append(part);
            isOpen = isGap || (isOpen && part.startsWith("{"));
        }
        return pattern.toString();
    }

    private static Pattern regex(String pattern) {
        StringBuilder regex = new StringBuilder();
        for (Template.Part part : Template.of(pattern, true).parts()) {
            if (part instanceof Template.Gap gap) {
                regex.append(gap.name().isEmpty() ? "(?:" : "(?<" + gap.name() + ">");
                regex.append(gap.bytes() == 0 ? ".*?)" : ".{" + gap.bytes() + "})");
            } else if (part instanceof Template.Literal literal) {
                regex.append(Pattern.quote(literal.latin1()));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            text.append("aaabbc".charAt(random.nextInt(6)));
        }
        return text.toString();
    }

    @Tag("random")
    @Test
    void matchesAsRegularExpression() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int matched = 0;
        for (int i = 0; i < PAIRS; i++) {
            String pattern = pattern(random);
            String text = text(random);
            String about = "seed " + seed + ": " + pattern + " with " + text;
            Map<String, Integer> numbers = new HashMap<>();
            TextPattern compiled =
                    new TextPattern(pattern, name -> numbers.computeIfAbsent(name, added -> numbers.size()));
            RingBuffer ring = new RingBuffer(16);
            int before = random.nextInt(3);
            int turned = random.nextInt(16);
            ring.put(new byte[turned], 0, turned);
            ring.discard(turned);
            ring.put(("c".repeat(before) + text).getBytes(ISO_8859_1), 0, before + text.length());

            Matcher matcher = regex(pattern).matcher(text);
            boolean matches = matcher.matches();
            int difference = compiled.difference(ring, before, text.length());
            assertThat(difference < 0).as(about).isEqualTo(matches);
            assertThat(difference).as(about).isLessThanOrEqualTo(text.length());
            if (matches) {
                matched++;
                assertThat(compiled.early(ring, before, 0, text.length()))
                        .as(about)
                        .isEqualTo(-1);
                Captures captures = new Captures(NAMES);
                compiled.capture(ring, before, text.length(), captures);
                numbers.forEach(
                        (name, number) -> assertThat(Arrays.copyOf(captures.array(number), captures.length(number)))
                                .as("%s of %s", name, about)
                                .isEqualTo(matcher.group(name).getBytes(ISO_8859_1)));
                captures.release();
            }
        }
        assertThat(matched).isGreaterThan(PAIRS / 20);
    }

    /** A literal is searched as {@link String#indexOf} does, though each byte is looked at once. */
    @Tag("random")
    @Test
    void findsLiteralWherePartsOfItRepeat() {
        Random random = new Random(1);
        for (int i = 0; i < PAIRS; i++) {
            String literal = "a" + text(random);
            String text = text(random) + (random.nextBoolean() ? literal : "") + text(random);
            byte[] bytes = text.getBytes(ISO_8859_1);
            RingBuffer ring = new RingBuffer(64);
            LiteralSearch search = new LiteralSearch(literal.getBytes(ISO_8859_1));
            MatchState state = new MatchState();
            int end = -1;
            for (int held = 0; held < bytes.length && end < 0; held++) {
                ring.put(bytes, held, 1);
                end = search.end(ring, held, state);
            }
            int expected = text.indexOf(literal);
            assertThat(end).as("%s in %s", literal, text).isEqualTo(expected < 0 ? -1 : expected + literal.length());
            RingBuffer whole = new RingBuffer(64);
            whole.put(bytes, 0, bytes.length);
            assertThat(search.find(whole, 0, bytes.length)).isEqualTo(expected);
        }
    }
}
