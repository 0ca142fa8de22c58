package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.echoharness.Trigger.HandshakeStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The text of faults of TLS, its Java, and the errors for faults that do not go together. */
@Timeout(30)
class TlsFaultTextTest {

    private static final String FAULTS = "(" + String.join(", ", Effect.Kind.words()) + ")";
    private static final String AFTER =
            "a size such as 300 or 4KiB, a duration such as 2s, messages such as 3 messages, or a"
                    + " stage of the TLS handshake (client-hello, server-hello, handshake)";

    @Test
    void textEqualsJava() {
        assertSame("reset after client-hello", Fault.reset().after(HandshakeStage.CLIENT_HELLO));
        assertSame("close after server-hello", Fault.close().after(HandshakeStage.SERVER_HELLO));
        assertSame("stall after handshake", Fault.stall().after(HandshakeStage.HANDSHAKE));
        assertSame(
                "delay 2s after client-hello",
                Fault.delay(Duration.ofSeconds(2)).after(HandshakeStage.CLIENT_HELLO));
        assertSame("close without close_notify", Fault.closeWithoutNotify());
        assertSame(
                "close without close_notify after 300",
                Fault.closeWithoutNotify().after(300));
        assertSame(
                "close without close_notify after handshake",
                Fault.closeWithoutNotify().after(HandshakeStage.HANDSHAKE));
        assertSame("fragment 1 on the wire", Fault.fragment(1).onTheWire());
        assertSame(
                "fragment 1 every 5ms on the wire",
                Fault.fragment(1, Duration.ofMillis(5)).onTheWire());
        assertSame(
                "corrupt byte 5 after 300 on the wire",
                Fault.corrupt(5, 5).after(300).onTheWire());
        assertSame("reset after 300 sent on the wire", Fault.reset().onTheWire().afterSent(300));
        assertSame(
                "stall after 2s on the wire",
                Fault.stall().after(Duration.ofSeconds(2)).onTheWire());
        assertSame("greet \"hi\" on the wire", Fault.greet("hi").onTheWire());
        assertSame("plain", Fault.plain());
        assertSame("plain \"-ERR what?\\r\\n\"", Fault.plain("-ERR what?\r\n"));
    }

    private static void assertSame(String text, Fault fault) {
        assertThat(Fault.parse(text)).isEqualTo(fault);
        assertThat(fault).hasToString(text);
    }

    @Test
    void planAndItsTextAreEqual() {
        Plans plans = Plans.withTls(new Random(17), Long.MAX_VALUE);
        int ofTls = 0;
        for (int i = 0; i < 5_000; i++) {
            Fault fault = plans.fault();
            ofTls += fault.needOfTls().isEmpty() ? 0 : 1;
            assertThat(Fault.parse(fault.toString()))
                    .as("number %s: %s", i, fault)
                    .isEqualTo(fault)
                    .hasToString(fault.toString());
        }
        assertThat(ofTls).isGreaterThan(1_000);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                reset on the wire after 300              | reset after 300 on the wire
                reset at accept on the wire              | reset on the wire
                reset on the wire at accept              | reset on the wire
                reset to client on the wire              | reset on the wire
                reset on the wire to client              | reset on the wire
                reset after client-hello on the wire     | reset after client-hello
                reset on the wire after client-hello     | reset after client-hello
                reset after client-hello to client       | reset after client-hello
                plain after client-hello                 | plain
                plain on the wire                        | plain
                plain 'a "b"'                            | plain "a \\"b\\""
                corrupt 1% seed 4 after 1KiB received on the wire | corrupt 1% seed 4 after 1KiB on the wire
                """)
    void readsVariants(String text, String canonical) {
        assertThat(Fault.parse(text)).hasToString(canonical).isEqualTo(Fault.parse(canonical));
    }

    @Test
    void defaultTextOfPlainIsShort() {
        assertThat(Fault.parse(
                        "plain \"HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n\""))
                .isEqualTo(Fault.plain())
                .hasToString("plain");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "connection 1: reset after client-hello; connection 2: plain; others: none",
                "random 10% seed 42: close without close_notify after 300",
                "first 2: delay 50ms on the wire, fragment 16, stall after handshake; others: fragment 1 on the wire"
            })
    void standsInPlans(String text) {
        assertThat(FaultPlan.parse(text)).hasToString(text);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                reset after clienthello        | "clienthello" at position 13: expected AFTER; did you mean client-hello?
                reset after server_hello       | "server_hello" at position 13: expected AFTER; did you mean server-hello?
                reset after handshakes         | "handshakes" at position 13: expected AFTER; did you mean handshake?
                reset after the handshake      | "the" at position 13: expected AFTER
                reset after client-hello sent  | "sent" at position 26: expected to, on, a comma, a semicolon or the end of the plan
                reset on wire                  | "wire" at position 10: expected fin or the wire
                reset on                       | the end at position 9: expected fin or the wire
                reset on the                   | the end at position 13: expected wire
                reset on the wires             | "wires" at position 14: expected wire; did you mean wire?
                reset after 3 on               | the end at position 17: expected the wire
                reset after 3 on fin           | "fin" at position 18: expected the wire
                reset on the wire on the wire  | "on" at position 19: expected at, after, to, a comma, a semicolon or the end of the plan
                close without                  | the end at position 14: expected close_notify
                close without close-notify     | "close-notify" at position 15: expected close_notify; did you mean close_notify?
                close with close_notify        | "with" at position 7: expected without, at, on, after, to, a comma, a semicolon or the end of the plan
                plain text                     | "text" at position 7: expected a text in quotes, at, on, after, to, a comma, a semicolon or the end of the plan
                plain ""                       | at position 1: plain ("") must be at least one byte, each a character up to U+00FF; see Fault.plain(byte[])
                plane                          | "plane" at position 1: expected a fault (FAULTS), connections (connection, connections, first, every, random, others) or none; did you mean plain?
                """)
    void errorNamesPositionWordAndExpectation(String text, String message) {
        assertRefused(text, message);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                fragment 1 after client-hello    | fragment 1 after client-hello: a stage of the handshake is only for delay, reset, close, stall; write after SIZE and on the wire
                corrupt after server-hello       | corrupt after server-hello: a stage of the handshake is only for delay, reset, close, stall; write after SIZE and on the wire
                half-close after handshake       | half-close after handshake: a stage of the handshake is only for delay, reset, close, stall; write after SIZE and on the wire
                greet "x" after handshake        | greet "x" after handshake: a stage of the handshake is only for delay, reset, close, stall; write after SIZE and on the wire
                slow-close 1s after handshake    | slow-close 1s after handshake: slow-close is about the client's FIN; leave its trigger out, or use stall or delay
                plain after 300                  | plain after 300: plain is the answer to the ClientHello; leave its trigger out, or use greet
                plain after handshake            | plain after handshake: plain is the answer to the ClientHello; leave its trigger out, or use greet
                plain at accept                  | plain at accept: plain is the answer to the ClientHello; leave its trigger out, or use greet
                plain on fin                     | plain on fin: no byte comes after the client's FIN; on fin is only for reset, stall, greet
                close without close_notify on fin | close without close_notify on fin: no byte comes after the client's FIN; on fin is only for reset, stall, greet
                reset on fin on the wire         | reset on fin on the wire: the client's FIN ends its text; leave out on the wire
                slow-close 1s on the wire        | slow-close 1s on the wire: the client's FIN ends its text; leave out on the wire
                reset after 3 messages on the wire | reset after 3 messages on the wire: messages are counted in the text; leave out on the wire, or write after SIZE
                corrupt every 3rd message on the wire | corrupt every 3rd message on the wire: messages are counted in the text; leave out on the wire, or write after SIZE
                close without close_notify on the wire | close without close_notify on the wire: there, a close sends no close_notify; write close on the wire
                close without close_notify after 3 on the wire | close without close_notify after 3 on the wire: there, a close sends no close_notify; write close on the wire
                reset after client-hello to server | reset after client-hello to server: the handshake is that of the client with this server; leave out to server
                fragment 1 to server on the wire | fragment 1 to server on the wire: the wire is that between the client and this server; leave out to server, or on the wire
                reset after 300 to server on the wire | reset after 300 to server on the wire: the wire is that between the client and this server; leave out to server, or on the wire
                close without close_notify to server | close without close_notify to server: it is about the client of this server; leave out to server
                """)
    void refusesWhatDoesNotGoTogether(String text, String message) {
        assertRefused(text, "at position 1: " + message);
        assertRefused("connection 1: " + text, "at position 15: " + message);
    }

    private static void assertRefused(String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FaultPlan.parse(text))
                .withMessage("faults: "
                        + message.replace("(FAULTS)", FAULTS).replace("expected AFTER", "expected " + AFTER));
    }

    @Test
    void javaRefusesWhatDoesNotGoTogether() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.plain().toServer())
                .withMessage(
                        "plain to server: the handshake is that of the client with this server; leave out to server");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.closeWithoutNotify().onTheWire())
                .withMessage(
                        "close without close_notify on the wire: there, a close sends no close_notify; write close on the"
                                + " wire");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.plain(""))
                .withMessage(
                        "plain (\"\") must be at least one byte, each a character up to U+00FF; see Fault.plain(byte[])");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                reset after client-hello   | set tls, or write another trigger, such as after 300
                stall after handshake      | set tls, or write another trigger, such as after 300
                plain                      | set tls, or write greet and close
                fragment 1 on the wire     | set tls, or leave out on the wire
                reset after 3 on the wire  | set tls, or leave out on the wire
                close without close_notify | set tls, or write close
                """)
    void serverWithoutTlsRefusesFault(String text, String cure) throws IOException {
        String message = "faults (" + text + ") are about TLS, and this server has none; " + cure;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder()
                        .faults("connection 7: " + text + "; others: none")
                        .build())
                .withMessage(message);
        try (EchoServer server = EchoServer.builder().faults("delay 5ms").start()) {
            FaultPlan plan = FaultPlan.of(Fault.parse(text));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> server.setFaults(plan))
                    .withMessage(message);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> server.setFaultsOfAll(plan))
                    .withMessage(message);
            assertThat(server.faults()).hasToString("delay 5ms");
        }
    }

    @Test
    void someFaultsAreAboutTheWire() {
        List<Fault> faults = FaultPlan.parse("reset after 3 on the wire, delay 5ms")
                .rules()
                .get(0)
                .faults();
        assertThat(Fault.onWire(faults, true)).containsExactly(faults.get(0));
        assertThat(Fault.onWire(faults, false)).containsExactly(faults.get(1));
    }
}
