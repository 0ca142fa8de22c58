package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The error for a wrong plan: the position (from 1), the text there, and what was expected. */
class FaultErrorsTest {

    private static final String FAULTS = "(" + String.join(", ", Effect.Kind.words()) + ")";
    private static final String AFTER =
            "a size such as 300 or 4KiB, a duration such as 2s, messages such as 3 messages, or a"
                    + " stage of the TLS handshake (client-hello, server-hello, handshake)";
    private static final String CONNECTIONS = "(connection, connections, first, every, random, others)";

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                reset,                                         | the end at position 7: expected a fault (FAULTS)
                reset;                                         | the end at position 7: expected a fault (FAULTS), connections (CONNECTIONS) or none
                reset,,close                                   | "," at position 7: expected a fault (FAULTS)
                ;                                              | ";" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none
                ,                                              | "," at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none
                :                                              | ":" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none
                reset: close                                   | ":" at position 6: expected at, on, after, to, a comma, a semicolon or the end of the plan
                rest                                           | "rest" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean reset?
                RESET                                          | "RESET" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean reset?
                Half-Close                                     | "Half-Close" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean half-close?
                half_close                                     | "half_close" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean half-close?
                explode                                        | "explode" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none
                non                                            | "non" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean none?
                frist 2: reset                                 | "frist" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean first?
                conection 1: reset                             | "conection" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean connection?
                reset foo                                      | "foo" at position 7: expected at, on, after, to, a comma, a semicolon or the end of the plan
                reset aftr 3                                   | "aftr" at position 7: expected at, on, after, to, a comma, a semicolon or the end of the plan; did you mean after?
                reset AFTER 3                                  | "AFTER" at position 7: expected at, on, after, to, a comma, a semicolon or the end of the plan; did you mean after?
                reset at start                                 | "start" at position 10: expected accept
                reset at acept                                 | "acept" at position 10: expected accept; did you mean accept?
                reset on                                       | the end at position 9: expected fin or the wire
                reset on fni                                   | "fni" at position 10: expected fin or the wire; did you mean fin?
                reset after                                    | the end at position 12: expected AFTER
                reset after soon                               | "soon" at position 13: expected AFTER
                reset after 5x                                 | "5x" at position 13: expected AFTER
                reset after -1                                 | "-1" at position 13: expected AFTER
                reset after 5 snt                              | "snt" at position 15: expected sent, received, messages, to, on, a comma, a semicolon or the end of the plan; did you mean sent?
                reset after 2s sent                            | "sent" at position 16: expected to, on, a comma, a semicolon or the end of the plan
                reset after 9223372036854775808                | "9223372036854775808" at position 13: expected AFTER
                reset after 9007199254740993KiB                | "9007199254740993KiB" at position 13: expected AFTER
                delay                                          | the end at position 6: expected a duration such as 50ms or 2s
                delay soon                                     | "soon" at position 7: expected a duration such as 50ms or 2s
                delay 5ms jiter 2ms                            | "jiter" at position 11: expected jitter, at, on, after, every, to, a comma, a semicolon or the end of the plan; did you mean jitter?
                delay 5ms jitter                               | the end at position 17: expected a duration such as 50ms or 2s
                delay 5ms jitter 1ms sed 4                     | "sed" at position 22: expected seed, at, on, after, every, to, a comma, a semicolon or the end of the plan; did you mean seed?
                delay 5ms jitter 1ms seed                      | the end at position 26: expected a whole number
                delay 5ms jitter 1ms seed x                    | "x" at position 27: expected a whole number
                delay 5ms jitter 1ms seed 99999999999999999999 | "99999999999999999999" at position 27: expected a whole number
                delay 5ms seed 4                               | "seed" at position 11: expected jitter, at, on, after, every, to, a comma, a semicolon or the end of the plan
                throttle                                       | the end at position 9: expected a number of bytes per second such as 64KiB/s
                throttle 64                                    | "64" at position 10: expected a number of bytes per second such as 64KiB/s
                throttle 64KiB/m                               | "64KiB/m" at position 10: expected a number of bytes per second such as 64KiB/s
                throttle fast/s                                | "fast/s" at position 10: expected a number of bytes per second such as 64KiB/s
                throttle 64 KiB/s                              | "64" at position 10: expected a number of bytes per second such as 64KiB/s
                fragment                                       | the end at position 9: expected a number of bytes such as 16 or 4KiB
                fragment 3 evry 5ms                            | "evry" at position 12: expected every, at, on, after, to, a comma, a semicolon or the end of the plan; did you mean every?
                fragment 3 every                               | the end at position 17: expected a duration such as 50ms or 2s
                fragment many                                  | "many" at position 10: expected a number of bytes such as 16 or 4KiB
                corrupt 5e1%                                   | "5e1%" at position 9: expected a percentage such as 10%
                corrupt %                                      | "%" at position 9: expected a percentage such as 10%
                corrupt 1.%                                    | "1.%" at position 9: expected a percentage such as 10%
                corrupt -1%                                    | "-1%" at position 9: expected a percentage such as 10%
                corrupt 5                                      | "5" at position 9: expected byte, bytes, at, on, after, every, to, a comma, a semicolon or the end of the plan
                corrupt byte                                   | the end at position 13: expected a position such as 5, or a range such as 5-9
                corrupt bytes x                                | "x" at position 15: expected a position such as 5, or a range such as 5-9
                corrupt bite 4                                 | "bite" at position 9: expected byte, bytes, at, on, after, every, to, a comma, a semicolon or the end of the plan; did you mean byte?
                duplicate                                      | the end at position 10: expected a number of bytes such as 16 or 4KiB
                truncate x                                     | "x" at position 10: expected a number of bytes such as 16 or 4KiB
                slow-close                                     | the end at position 11: expected a duration such as 50ms or 2s
                slow-close 1s after 3                          | at position 1: slow-close 1s after 3: slow-close is about the client's FIN; leave its trigger out, or use stall or delay
                corrupt on fin                                 | at position 1: corrupt on fin: no byte comes after the client's FIN; on fin is only for reset, stall, greet
                othres: reset                                  | "othres" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean others?
                reset to sever                                 | "sever" at position 10: expected server or client; did you mean server?
                reset after 3 to                               | the end at position 17: expected server or client
                none, reset                                    | "," at position 5: expected a semicolon or the end of the plan
                none none                                      | "none" at position 6: expected a semicolon or the end of the plan
                reset, none                                    | "none" at position 8: expected a fault (FAULTS)
                reset; non                                     | "non" at position 8: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean none?
                réset                                          | "réset" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none; did you mean reset?
                """)
    void errorNamesPositionWordAndExpectation(String text, String message) {
        assertRefused(text, message);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                first                                     | the end at position 6: expected a number of connections such as 2
                first x                                   | "x" at position 7: expected a number of connections such as 2
                first 99999999999999999999: reset         | "99999999999999999999" at position 7: expected a number of connections such as 2
                first 2 reset                             | "reset" at position 9: expected a colon after the connections
                first 2                                   | the end at position 8: expected a colon after the connections
                first 2:                                  | the end at position 9: expected a fault (FAULTS) or none
                connection: reset                         | ":" at position 11: expected a number such as 1, or a range such as 2-4
                connections 2-x: reset                    | "2-x" at position 13: expected a number such as 1, or a range such as 2-4
                every 3: reset                            | "3" at position 7: expected an ordinal number such as 2nd or 3rd
                every 3th: reset                          | "3th" at position 7: expected an ordinal number such as 2nd or 3rd; did you mean 3rd?
                every: reset                              | ":" at position 6: expected an ordinal number such as 2nd or 3rd
                every third: reset                        | "third" at position 7: expected an ordinal number such as 2nd or 3rd
                random: reset                             | ":" at position 7: expected a percentage such as 10%
                random 10% sed 4: reset                   | "sed" at position 12: expected a colon after the connections; did you mean seed?
                random 10: reset                          | "10" at position 8: expected a percentage such as 10%
                others reset                              | "reset" at position 8: expected a colon after the connections
                others                                    | the end at position 7: expected a colon after the connections
                others: noen                              | "noen" at position 9: expected a fault (FAULTS) or none; did you mean none?
                first 2: reset, close after; others: none | ";" at position 28: expected AFTER
                """)
    void reportsErrorInConnections(String text, String message) {
        assertRefused(text, message);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                reset; first 2: close            | at position 8: the rule (first 2: close) would never apply, because the rule before it (others: reset) is for all connections; write that one last
                others: none; reset              | at position 15: the rule (others: reset) would never apply, because the rule before it (others: none) is for all connections; write that one last
                first 1: stall; close; others: none; reset | at position 24: the rule (others: none) would never apply, because the rule before it (others: close) is for all connections; write that one last
                every 1st: close; first 2: reset  | at position 19: the rule (first 2: reset) would never apply, because the rule before it (every 1st: close) is for all connections; write that one last
                random 100% seed 1: close; others: reset | at position 28: the rule (others: reset) would never apply, because the rule before it (random 100% seed 1: close) is for all connections; write that one last
                connections 1-: close; others: none | at position 24: the rule (others: none) would never apply, because the rule before it (connections 1-: close) is for all connections; write that one last
                first 9223372036854775807: close; every 2nd: none | at position 35: the rule (every 2nd: none) would never apply, because the rule before it (first 9223372036854775807: close) is for all connections; write that one last
                first 3: close; connection 2: reset | at position 17: the rule (connection 2: reset) would never apply, because the rules before it are for the same connections; write it before them, or leave it out
                connections 4-6: close; first 3: none; connections 2-5: reset | at position 40: the rule (connections 2-5: reset) would never apply, because the rules before it are for the same connections; write it before them, or leave it out
                first 3: none; connections 4-6: close; connections 2-5: reset | at position 40: the rule (connections 2-5: reset) would never apply, because the rules before it are for the same connections; write it before them, or leave it out
                connections 3-: close; first 2: none; others: reset | at position 39: the rule (others: reset) would never apply, because the rules before it are for the same connections; write it before them, or leave it out
                connections 2-: close; every 3rd: reset | at position 24: the rule (every 3rd: reset) would never apply, because the rules before it are for the same connections; write it before them, or leave it out
                every 2nd: close; every 4th: reset | at position 19: the rule (every 4th: reset) would never apply, because the rules before it are for the same connections; write it before them, or leave it out
                every 2nd: close; connection 6: reset | at position 19: the rule (connection 6: reset) would never apply, because the rules before it are for the same connections; write it before them, or leave it out
                random 5% seed 1: close; random 5% seed 1: reset | at position 26: the rule (random 5% seed 1: reset) would never apply, because the rules before it are for the same connections; write it before them, or leave it out
                """)
    void refusesRuleAfterOneForAll(String text, String message) {
        assertRefused(text, message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "connection 2: reset; first 3: close",
                "first 2: reset; connections 2-3: close",
                "connections 3-: reset; others: close",
                "connections 1-2: reset; connections 4-: stall; every 3rd: close",
                "connection 1: reset; connection 3: close; connection 2: stall",
                "connections 4-6: reset; connections 1-2: stall; connection 3: close",
                "every 2nd: reset; every 3rd: close; connection 5: stall; others: none",
                "every 4th: reset; every 2nd: close; connections 4-6: stall",
                "random 99.9% seed 1: reset; random 99.9% seed 2: close; others: stall",
                "first 2: reset; random 100% seed 1: close"
            })
    void acceptsRulesForSomeConnections(String text) {
        assertThat(FaultPlan.parse(text)).hasToString(text);
    }

    @Test
    void errorsShowAsIllegalArguments() {
        for (ThrowingCallable reading : List.<ThrowingCallable>of(
                () -> Fault.parse("x"), () -> FaultPlan.parse("x"), () -> Script.parse("x"))) {
            assertThat(catchThrowable(reading).toString()).startsWith("java.lang.IllegalArgumentException: ");
        }
    }

    @Test
    void javaRefusesRuleAfterOneForAll() {
        FaultPlan forAll = FaultPlan.of(Fault.reset());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> forAll.on(Connections.first(2), Fault.close()))
                .withMessage("faults: the rule (first 2: close) would never apply, because the rule before it (others:"
                        + " reset) is for all connections; write that one last");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> forAll.on(Connections.from(remote -> true), Fault.greet("x".repeat(1 << 20))))
                .satisfies(refused -> assertThat(refused.getMessage()).hasSizeLessThan(3000));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                reset after 0          | "0" at position 13: after (0) must be at least 1
                reset after 0s         | "0s" at position 13: after (0s) must be at least 1ms and at most 365 days
                reset after 9000h      | "9000h" at position 13: after (9000h) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
                delay 50               | "50" at position 7: delay (50) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
                delay 50 ms            | "50" at position 7: delay (50) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
                delay 50sec            | "50sec" at position 7: delay (50sec) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
                delay 0ms              | "0ms" at position 7: delay (0s) must be at least 1ms and at most 365 days
                delay 366d             | "366d" at position 7: delay (366d) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
                delay 99999h           | "99999h" at position 7: delay (99999h) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
                delay 5ms jitter 6ms   | at position 1: jitter (6ms) must be at most the delay (5ms)
                throttle 0/s           | "0/s" at position 10: throttle (0) must be at least 1
                throttle 2048GiB/s     | at position 1: throttle (2199023255552) must be at most 1024GiB/s
                throttle 5KB/s         | "5KB/s" at position 10: throttle (5KB) must be a size in bytes, such as 16, 16KiB or 1GiB
                fragment 0             | "0" at position 10: fragment (0) must be at least 1
                fragment 3GiB          | "3GiB" at position 10: fragment (3GiB) must be at most 2147483647 bytes
                fragment 3 every 0ms   | "0ms" at position 18: every (0s) must be at least 1ms and at most 365 days
                corrupt 0%             | "0%" at position 9: corrupt (0%) must be over 0% and at most 100%
                corrupt 101%           | "101%" at position 9: corrupt (101%) must be over 0% and at most 100%
                corrupt bytes 0-4      | "0-4" at position 15: corrupt bytes (0-4) must begin at 1 or later and not end before it begins
                corrupt bytes 4-2      | "4-2" at position 15: corrupt bytes (4-2) must begin at 1 or later and not end before it begins
                duplicate 0            | "0" at position 11: duplicate (0) must be at least 1
                duplicate 2147483648   | "2147483648" at position 11: duplicate (2147483648) must be at most 2147483647 bytes
                truncate 0             | "0" at position 10: truncate (0) must be at least 1
                slow-close 5           | "5" at position 12: slow-close (5) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
                first 0                | "0" at position 7: first (0) must be at least 1
                first 0: reset         | "0" at position 7: first (0) must be at least 1
                connections 4-2: reset | "4-2" at position 13: connections (4-2) must begin at 1 or later and not end before it begins
                connection 0: reset    | "0" at position 12: connections (0) must begin at 1 or later and not end before it begins
                every 0th: reset       | "0th" at position 7: every (0) must be at least 1
                random 0%: reset       | "0%" at position 8: random (0%) must be over 0% and at most 100%
                random 101%: reset     | "101%" at position 8: random (101%) must be over 0% and at most 100%
                """)
    void namesValueAndLimits(String text, String message) {
        assertRefused(text, message);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                reset after 3 mesages               | "mesages" at position 15: expected sent, received, messages, to, on, a comma, a semicolon or the end of the plan; did you mean messages?
                reset after 3 message               | "message" at position 15: expected sent, received, messages, to, on, a comma, a semicolon or the end of the plan; did you mean messages?
                reset after 4KiB messages           | "messages" at position 18: expected sent, received, to, on, a comma, a semicolon or the end of the plan
                reset after 3s messages             | "messages" at position 16: expected to, on, a comma, a semicolon or the end of the plan
                reset after 0 messages              | "0" at position 13: after (0) must be at least 1
                reset after -1 messages             | "-1" at position 13: expected AFTER
                greet "x" every                     | the end at position 16: expected an ordinal number such as 2nd or 3rd
                greet "x" every 3                   | "3" at position 17: expected an ordinal number such as 2nd or 3rd
                greet "x" every 3th message         | "3th" at position 17: expected an ordinal number such as 2nd or 3rd; did you mean 3rd?
                greet "x" every 0th message         | "0th" at position 17: every (0) must be at least 1
                greet "x" every 3rd                 | the end at position 20: expected message
                greet "x" every 3rd messages        | "messages" at position 21: expected message; did you mean message?
                reset every 3rd message             | at position 1: reset every 3rd message: AGAIN; write after 3 messages
                first 1: close every 1st message    | at position 10: close every 1st message: AGAIN; write after 1 message
                half-close every 2nd message        | at position 1: half-close every 2nd message: AGAIN; write after 2 messages
                stall every 2nd message             | at position 1: stall every 2nd message: AGAIN; write after 2 messages
                throttle 1/s every 2nd message      | at position 1: throttle 1/s every 2nd message: AGAIN; write after 2 messages
                fragment 16 every 3rd message       | at position 1: fragment 16 every 3rd message: AGAIN; write after 3 messages
                fragment 1 every 5ms every 3rd message | at position 1: fragment 1 every 5ms every 3rd message: AGAIN; write after 3 messages
                fragment 16 every 5                 | "5" at position 19: every (5) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days
                slow-close 1s after 3 messages      | at position 1: slow-close 1s after 3 messages: slow-close is about the client's FIN; leave its trigger out, or use stall or delay
                slow-close 1s every 3rd message     | at position 1: slow-close 1s every 3rd message: slow-close is about the client's FIN; leave its trigger out, or use stall or delay
                """)
    void reportsErrorInMessages(String text, String message) {
        String again = "it cannot happen again on a connection; every Nth message is only for"
                + " delay, discard, corrupt, duplicate, truncate, greet";
        assertRefused(text, message.replace("AGAIN", again));
    }

    @Test
    void javaRefusesRepeatedReset() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.reset().everyMessage(3))
                .withMessage(
                        "reset every 3rd message: it cannot happen again on a connection; every Nth message is only"
                                + " for delay, discard, corrupt, duplicate, truncate, greet; write after 3 messages");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.reset().afterMessages(0))
                .withMessage("after (0) must be at least 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.corrupt().everyMessage(0))
                .withMessage("every (0) must be at least 1");
    }

    @Test
    void echoRefusesTriggersOfMessages() throws IOException {
        String counts =
                "faults (%s) count messages, and this server counts none; give it a script, or write after SIZE";
        for (String fault : List.of("reset after 3 messages", "corrupt every 1st message")) {
            EchoServer.Builder builder =
                    EchoServer.builder().faults("connection 1: none; connection 2: close, " + fault);
            assertThatIllegalArgumentException().isThrownBy(builder::build).withMessage(counts, fault);
            try (EchoServer server = EchoServer.builder().start()) {
                FaultPlan plan = FaultPlan.parse(fault);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> server.setFaults(plan))
                        .withMessage(counts, fault);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> server.setFaultsOfAll(plan))
                        .withMessage(counts, fault);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                greet         | the end at position 6: expected the bytes in quotes, such as "220 ready\\r\\n"
                greet hello   | "hello" at position 7: expected the bytes in quotes, such as "220 ready\\r\\n"
                greet ""      | at position 1: greet ("") must be at least one byte, each a character up to U+00FF; see Fault.greet(byte[])
                greet "hi     | at position 7: the quote that begins here is not closed; put a " after the bytes
                greet 'hi     | at position 7: the quote that begins here is not closed; put a ' after the bytes
                greet "hi\\   | at position 7: the quote that begins here is not closed; put a " after the bytes
                greet "\\x4"  | at position 8: \\x must be followed by two hexadecimal digits, such as \\x00
                greet "\\xzz" | at position 8: \\x must be followed by two hexadecimal digits, such as \\x00
                greet "a\\qb" | at position 9: \\q is not an escape; write \\n, \\r, \\t, \\0, \\xHH, \\" or \\\\
                greet "a"b    | "b" at position 10: expected at, on, after, every, to, a comma, a semicolon or the end of the plan
                """)
    void reportsErrorInQuotedBytes(String text, String message) {
        assertRefused(text, message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "\t"})
    void refusesEmptyText(String text) {
        assertRefused(
                text,
                "the end at position " + (text.length() + 1)
                        + ": expected a fault (FAULTS), connections (CONNECTIONS) or none");
    }

    @Test
    void namesOptionAndListsFaults() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.parse("first 2: reset"))
                .withMessage("fault: \"first\" at position 1: expected a fault " + FAULTS);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.parse("none"))
                .withMessage("fault: \"none\" at position 1: expected a fault " + FAULTS);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.parse("reset, close"))
                .withMessage("fault: \",\" at position 6: expected at, on, after, to or the end of the fault");
    }

    @Test
    void escapesInvisibleCharacters() {
        assertRefused(
                "re\033[2Jset",
                "\"re\\x1b[2Jset\" at position 1: expected a fault (FAULTS), connections (CONNECTIONS) or none");
        assertRefused(
                "reset \0",
                "\"\\x00\" at position 7: expected at, on, after, to, a comma, a semicolon or the end of the plan");
        assertRefused(
                "duplicate 5\007",
                "\"5\\x07\" at position 11: duplicate (5\\x07) must be a size in bytes, such as 16,"
                        + " 16KiB or 1GiB");
        String escapes = " is not an escape; write \\n, \\r, \\t, \\0, \\xHH, \\\" or \\\\";
        assertRefused("greet \"\\\033\"", "at position 8: \\\\x1b" + escapes);
        assertRefused("greet \"\\\ud83d\ude00\"", "at position 8: \\\ud83d\ude00" + escapes);
    }

    @Test
    void showsBeginningOfLongWord() {
        assertRefused(
                "x".repeat(2_000_000),
                "\"" + "x".repeat(1024) + "\" (the first 1024 shown) at position 1: expected a fault (FAULTS),"
                        + " connections (CONNECTIONS) or none");
    }

    @Test
    void readsOrRefusesEveryPrefixOfPlan() {
        String plan = "connections 2-4: delay 5ms jitter 2ms seed 7, fragment 3 every 5ms after 10 sent;"
                + " every 3rd: corrupt bytes 5-9, greet \"\\x00\\\"\" on fin; random 10% seed 4: throttle 5KiB/s; others: none";
        for (int i = 0; i <= plan.length(); i++) {
            String text = plan.substring(0, i);
            Throwable refused = catchThrowable(() -> FaultPlan.parse(text));
            if (refused != null) {
                assertThat(refused)
                        .as(text)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageMatching("faults: .*at position [0-9]+: .*");
            }
        }
    }

    private static void assertRefused(String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FaultPlan.parse(text))
                .withMessage("faults: "
                        + message.replace("(FAULTS)", FAULTS)
                                .replace("(CONNECTIONS)", CONNECTIONS)
                                .replace("expected AFTER", "expected " + AFTER));
    }
}
