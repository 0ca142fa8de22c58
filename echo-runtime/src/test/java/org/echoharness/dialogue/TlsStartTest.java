package org.echoharness.dialogue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The step {@code start tls} without a socket: a byte 22 stands for a ClientHello. */
@Timeout(60)
class TlsStartTest {

    private static final String SMTP =
            "send '220\n', expect line 'STARTTLS', send 'go\n', start tls, expect line 'EHLO'";
    private static final String HELLO = "\u0016\3\1";
    private static final String IN_CLEAR =
            " in clear text (a server that keeps this for after the handshake has the flaw of CVE-2011-0411)";

    @Test
    void goesOnWithTheTextAfterTheHandshake() {
        PlayedScript played = PlayedScript.of(SMTP).goOn();
        played.isHandshaking = true;
        assertThat(played.send("STARTTLS\r\n").outcome()).isEqualTo("220\ngo\n | MORE");
        assertThat(played.send(HELLO).hello).hasToString(HELLO);
        assertThat(played.held()).isZero();
        assertThat(played.goOn().next).isEqualTo(Dialogue.Next.MORE);

        played.isHandshaking = false;
        assertThat(played.goOn().next).isEqualTo(Dialogue.Next.MORE);
        assertThat(played.send("EHLO\r\n").next).isEqualTo(Dialogue.Next.DONE);
        assertThat(played.steps)
                .containsExactly(
                        "step 1 of 5: send",
                        "step 2 of 5: line \"STARTTLS\"",
                        "step 3 of 5: send",
                        "step 4 of 5: start tls",
                        "hello",
                        "step 5 of 5: line \"EHLO\"");
        assertThat(played.matched).isEqualTo(16); // no byte of the handshake
    }

    @Test
    void handshakeMayComeWithTheCommand() {
        PlayedScript played = PlayedScript.of(SMTP).goOn().send("STARTTLS\r\n" + HELLO);
        assertThat(played.hello).hasToString(HELLO);
        assertThat(played.send("EHLO\n").outcome()).isEqualTo("220\ngo\n | DONE");
    }

    @Test
    void textMayComeWithTheEndOfTheHandshake() {
        PlayedScript played = PlayedScript.of(SMTP).goOn();
        played.isHandshaking = true;
        played.send("STARTTLS\n" + HELLO);
        played.isHandshaking = false;
        assertThat(played.send("EHLO\n").next).isEqualTo(Dialogue.Next.DONE);
    }

    /** The text is the same whether they come with the command or after it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clearBytesAfterTheCommandAreMismatch(boolean atOnce) {
        PlayedScript played = PlayedScript.of(SMTP).goOn();
        played = atOnce
                ? played.send("STARTTLS\nNOOP\n")
                : played.send("STARTTLS\n").send("NOOP\n");
        assertThat(played.outcome())
                .isEqualTo("220\ngo\n | FAILED step 4 of 5: expected a TLS handshake, seen \"NOOP\\n\"" + IN_CLEAR);
        assertThat(played.hello).isEmpty();
        assertThat(played.mismatch().isEarlyEnd()).isFalse();
    }

    @Test
    void clearBytesBeforeTheHandshakeAreMismatch() {
        PlayedScript played = PlayedScript.of(SMTP).goOn().send("STARTTLS\nRSET\n" + HELLO);
        assertThat(played.mismatch())
                .hasToString("step 4 of 5: expected a TLS handshake, seen \"RSET\\n\\x16\\x03\\x01\"" + IN_CLEAR);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"`` | the client's FIN", "`\u0016` | the beginning of a handshake, then the client's FIN"})
    void finIsAnEarlyEnd(String hello, String seen) {
        PlayedScript played = PlayedScript.of(SMTP).goOn();
        played.inputEnded = true;
        played.send("STARTTLS\n" + hello);
        assertThat(played.mismatch()).hasToString("step 4 of 5: expected a TLS handshake, seen " + seen);
        assertThat(played.mismatch().isEarlyEnd()).isTrue();
    }

    @Test
    void finWithinTheHandshakeIsAnEarlyEnd() {
        PlayedScript played = PlayedScript.of(SMTP).goOn();
        played.isHandshaking = true;
        assertThat(played.send("STARTTLS\n" + HELLO).finish().mismatch())
                .hasToString("step 4 of 5: expected a TLS handshake, seen the client's FIN");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void timeBeginsWhenTheServerWaits(boolean begins) {
        PlayedScript played = PlayedScript.of("wait 50ms, start tls within 2s").goOn();
        played.isHandshaking = true;
        assertThat(played.at(60).wake()).isEqualTo(2_060_000_000L);
        if (begins) {
            played.send(HELLO);
        }
        assertThat(played.at(2_059).next).isEqualTo(Dialogue.Next.MORE);
        assertThat(played.at(2_060).mismatch())
                .hasToString("step 2 of 2: expected a TLS handshake within 2s, seen "
                        + (begins ? "an incomplete handshake" : "nothing"));
        assertThat(played.mismatch().isEarlyEnd()).isFalse();
    }

    @Test
    void timeEndsWithTheHandshake() {
        PlayedScript played = PlayedScript.of("start tls within 1s, expect 'a'")
                .goOn()
                .send(HELLO)
                .goOn();
        assertThat(played.wake()).isEqualTo(Dialogue.NEVER);
        assertThat(played.at(5_000).send("a").next).isEqualTo(Dialogue.Next.DONE);
    }

    @Test
    void lostConnectionSaysHow() {
        PlayedScript played = PlayedScript.of(SMTP).goOn();
        assertThat(played.leftOver()).startsWith("step 2 of 5: expected line \"STARTTLS\", seen a reset");
        played.isHandshaking = true;
        played.send("STARTTLS\n");
        assertThat(played.leftOver()).isEqualTo("step 4 of 5: expected a TLS handshake, seen a reset by the client");
        played.send(HELLO);
        assertThat(played.leftOver("alert certificate_unknown by the client"))
                .isEqualTo("step 4 of 5: expected a TLS handshake, seen alert certificate_unknown by the client");
        played.isHandshaking = false;
        assertThat(played.goOn().leftOver()).startsWith("step 5 of 5: expected line \"EHLO\"");
    }

    /** A case of an answer may start TLS, which a client asks for again. */
    @Test
    void secondStartIsMismatch() {
        PlayedScript played = PlayedScript.of(
                        "answer { line 'STARTTLS' -> { send 'go\n', start tls }, line '*' -> send 'ok\n' }")
                .goOn()
                .send("EHLO\nSTARTTLS\n")
                .send(HELLO)
                .send("EHLO\n");
        assertThat(played.outcome()).isEqualTo("ok\ngo\nok\n | MORE");
        assertThat(played.send("STARTTLS\n").mismatch())
                .hasToString(
                        "step 1 of 1, case 1 of 2, step 2 of 2: expected TLS to start once, seen a second start of it");
    }
}
