package org.echoharness.dialogue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import org.echoharness.memory.RingBuffer;
import org.echoharness.script.Expectation;
import org.echoharness.script.FrameLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A message that comes byte by byte is not looked at again while it waits for more. */
@Timeout(60)
class ExpectationMatcherTest {

    private static final int LONG = 64 << 10;

    /**
     * Gives a message byte by byte, and flips each byte once it was looked at. If a byte were looked at again before the last
     * one comes, it would differ.
     *
     * @param from the first byte that is flipped; those before it, such as a length, are read again in constant time
     */
    private static void looksOnce(Expectation expectation, String message, int from) {
        ExpectationMatcher matcher = new ExpectationMatcher(expectation, name -> 0);
        byte[] bytes = message.getBytes(ISO_8859_1);
        RingBuffer ring = new RingBuffer(2 * LONG);
        MatchState state = new MatchState();
        state.nextMessage();
        int[] starts = new int[matcher.parts()];
        int last = bytes.length - 1;
        for (int i = 0; i < last; i++) {
            ring.put(bytes, i, 1);
            assertThat(matcher.match(ring, false, state, starts))
                    .as("byte %d", i)
                    .isEqualTo(MatchState.MORE);
            if (i >= from) {
                ring.flip(i);
            }
        }
        for (int i = from; i < last; i++) {
            ring.flip(i);
        }
        ring.put(bytes, last, 1);
        assertThat(matcher.match(ring, false, state, starts)).isEqualTo(bytes.length);
    }

    @Test
    void looksAtEachByteOnceWhileItWaits() {
        String text = "ab".repeat(LONG / 2);
        looksOnce(Expectation.bytes(text), text, 0);
        looksOnce(Expectation.line("{x}"), text + "\n", 0);
        looksOnce(Expectation.line(text + "*"), text + "c\n", 0);
        looksOnce(Expectation.through("ababac"), text + "ababac", 0);
        looksOnce(Expectation.frame(FrameLength.U32, text + "*"), "\0\1\0\1" + text + "c", 4);
        looksOnce(Expectation.sequence(Expectation.bytes(text), Expectation.line("*")), text + "c\n", 0);
    }

    /** As above, where the ring is too small for the message. */
    @Test
    void searchGoesOnWhereBytesWereDropped() {
        PlayedScript played =
                PlayedScript.of("expect through \"ababac\", send \"x\"", 8).goOn();
        String text = "ab".repeat(1_000);
        for (int i = 0; i < text.length(); i++) {
            played.send(text.substring(i, i + 1));
        }
        assertThat(played.send("ac").outcome()).isEqualTo("x | DONE");
    }

    @Test
    void prefixDecidesAtOnce() {
        String message = "0123456789";
        for (int at = 0; at < message.length(); at++) {
            String near = message.substring(0, at) + "x";
            assertThat(PlayedScript.of("expect \"" + message + "\"").send(near).outcome())
                    .isEqualTo(" | FAILED step 1 of 1: expected \"0123456789\", seen \"" + near + "\"");
            assertThat(PlayedScript.of("expect line \"" + message + "{x}\"")
                            .send(near)
                            .outcome())
                    .isEqualTo(" | FAILED step 1 of 1: expected line \"0123456789{x}\", seen \"" + near + "\"");
        }
    }
}
