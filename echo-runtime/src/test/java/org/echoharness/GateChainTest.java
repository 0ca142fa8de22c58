package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import org.echoharness.Trigger.HandshakeStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every effect with every trigger, and faults together: what a client sees that sends {@code abcd}, 100 ms later
 * {@code efgh} and again 100 ms later its FIN. Each write as its millisecond and its bytes. A flipped {@code a} is 9e.
 */
class GateChainTest {

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                delay 30ms                                 | 30 "abcd", 130 "efgh", 230 FIN
                delay 30ms after 3                         | 0 "abc", 30 "d", 130 "efgh", 230 FIN
                delay 30ms after 3 sent                    | 0 "abc", 30 "d", 130 "efgh", 230 FIN
                delay 30ms after 50ms                      | 0 "abcd", 130 "efgh", 230 FIN
                delay 30ms jitter 10ms seed 7              | 38.676426 "abcd", 131.425342 "efgh", 222.108362 FIN
                delay 30ms jitter 10ms seed 7 after 3      | 0 "abc", 38.676426 "d", 131.425342 "efgh", 222.108362 FIN
                delay 30ms jitter 10ms seed 7 after 3 sent | 0 "abc", 38.676426 "d", 131.425342 "efgh", 222.108362 FIN
                delay 30ms jitter 10ms seed 7 after 50ms   | 0 "abcd", 131.425342 "efgh", 222.108362 FIN
                throttle 100/s                             | 0 "ab", 20 "cd", 100 "ef", 120 "gh", 200 FIN
                throttle 100/s after 3                     | 0 "abc", 0 "d", 100 "ef", 120 "gh", 200 FIN
                throttle 100/s after 3 sent                | 0 "abc", 0 "d", 100 "ef", 120 "gh", 200 FIN
                throttle 100/s after 50ms                  | 0 "abcd", 100 "ef", 120 "gh", 200 FIN
                fragment 3                                 | 0 "abc", 0 "d", 100 "efg", 100 "h", 200 FIN
                fragment 3 after 3                         | 0 "abc", 0 "d", 100 "efg", 100 "h", 200 FIN
                fragment 3 after 3 sent                    | 0 "abc", 0 "d", 100 "efg", 100 "h", 200 FIN
                fragment 3 after 50ms                      | 0 "abcd", 100 "efg", 100 "h", 200 FIN
                fragment 3 every 5ms                       | 0 "abc", 5 "d", 100 "efg", 105 "h", 200 FIN
                fragment 3 every 5ms after 3               | 0 "abc", 0 "d", 100 "efg", 105 "h", 200 FIN
                fragment 3 every 5ms after 3 sent          | 0 "abc", 0 "d", 100 "efg", 105 "h", 200 FIN
                fragment 3 every 5ms after 50ms            | 0 "abcd", 100 "efg", 105 "h", 200 FIN
                slow-close 30ms                            | 0 "abcd", 100 "efgh", 230 FIN
                """)
    void timingEffectsApplyFromTrigger(String faults, String seen) {
        assertThat(seenBy("0 abcd, 100 efgh, 200 FIN", faults)).isEqualTo(seen);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                reset                   | 0 RST
                reset after 3           | 0 "abc", 0 RST
                reset after 3 sent      | 0 "abc", 0 RST
                reset after 50ms        | 0 "abcd", 50 RST
                close                   | 0 close
                close after 3           | 0 "abc", 0 close
                close after 3 sent      | 0 "abc", 0 close
                close after 50ms        | 0 "abcd", 50 close
                half-close              | 0 half-close, 200 closed
                half-close after 3      | 0 "abc", 0 half-close, 200 closed
                half-close after 3 sent | 0 "abc", 0 half-close, 200 closed
                half-close after 50ms   | 0 "abcd", 50 half-close, 200 closed
                discard                 | 200 FIN
                discard after 3         | 0 "abc", 200 FIN
                discard after 3 sent    | 0 "abc", 200 FIN
                discard after 50ms      | 0 "abcd", 200 FIN
                stall                   | 0 open
                stall after 3           | 0 "abc", 0 open
                stall after 3 sent      | 0 "abc", 0 open
                stall after 50ms        | 0 "abcd", 50 open
                reset on fin            | 0 "abcd", 100 "efgh", 200 RST
                stall on fin            | 0 "abcd", 100 "efgh", 200 open
                """)
    void connectionEffectsApplyFromTrigger(String faults, String seen) {
        assertThat(seenBy("0 abcd, 100 efgh, 200 FIN", faults)).isEqualTo(seen);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                corrupt                          | 0 "\\x9e\\x9d\\x9c\\x9b", 100 "\\x9a\\x99\\x98\\x97", 200 FIN
                corrupt after 3                  | 0 "abc", 0 "\\x9b", 100 "\\x9a\\x99\\x98\\x97", 200 FIN
                corrupt after 3 sent             | 0 "abc", 0 "\\x9b", 100 "\\x9a\\x99\\x98\\x97", 200 FIN
                corrupt after 50ms               | 0 "abcd", 100 "\\x9a\\x99\\x98\\x97", 200 FIN
                corrupt byte 2                   | 0 "a\\x9dcd", 100 "efgh", 200 FIN
                corrupt byte 2 after 3           | 0 "abc", 0 "d", 100 "\\x9afgh", 200 FIN
                corrupt byte 2 after 3 sent      | 0 "abc", 0 "d", 100 "\\x9afgh", 200 FIN
                corrupt byte 2 after 50ms        | 0 "abcd", 100 "e\\x99gh", 200 FIN
                corrupt bytes 2-3                | 0 "a\\x9d\\x9cd", 100 "efgh", 200 FIN
                corrupt bytes 2-3 after 3        | 0 "abc", 0 "d", 100 "\\x9a\\x99gh", 200 FIN
                corrupt bytes 2-3 after 3 sent   | 0 "abc", 0 "d", 100 "\\x9a\\x99gh", 200 FIN
                corrupt bytes 2-3 after 50ms     | 0 "abcd", 100 "e\\x99\\x98h", 200 FIN
                corrupt 50% seed 42              | 0 "\\x9e\\x9dc\\x9b", 100 "\\x9a\\x99g\\x97", 200 FIN
                corrupt 50% seed 42 after 3      | 0 "abc", 0 "\\x9b", 100 "\\x9a\\x99g\\x97", 200 FIN
                corrupt 50% seed 42 after 3 sent | 0 "abc", 0 "\\x9b", 100 "\\x9a\\x99g\\x97", 200 FIN
                corrupt 50% seed 42 after 50ms   | 0 "abcd", 100 "\\x9a\\x99g\\x97", 200 FIN
                duplicate 3                      | 0 "abc", 0 "abcd", 100 "efgh", 200 FIN
                duplicate 3 after 3              | 0 "abc", 0 "d", 100 "ef", 100 "defgh", 200 FIN
                duplicate 3 after 3 sent         | 0 "abc", 0 "d", 100 "ef", 100 "defgh", 200 FIN
                duplicate 3 after 50ms           | 0 "abcd", 100 "efg", 100 "efgh", 200 FIN
                truncate 3                       | 0 "d", 100 "efgh", 200 FIN
                truncate 3 after 3               | 0 "abc", 100 "gh", 200 FIN
                truncate 3 after 3 sent          | 0 "abc", 100 "gh", 200 FIN
                truncate 3 after 50ms            | 0 "abcd", 100 "h", 200 FIN
                greet "hi"                       | 0 "hi", 0 "abcd", 100 "efgh", 200 FIN
                greet "hi" after 3               | 0 "abc", 0 "hi", 0 "d", 100 "efgh", 200 FIN
                greet "hi" after 3 sent          | 0 "abc", 0 "hi", 0 "d", 100 "efgh", 200 FIN
                greet "hi" after 50ms            | 0 "abcd", 50 "hi", 100 "efgh", 200 FIN
                greet "hi" on fin                | 0 "abcd", 100 "efgh", 200 "hi", 200 FIN
                """)
    void byteEffectsApplyFromTrigger(String faults, String seen) {
        assertThat(seenBy("0 abcd, 100 efgh, 200 FIN", faults)).isEqualTo(seen);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                delay 30ms, reset after 10                            | 30 "abcd", 130 "efgh", 230 FIN
                duplicate 42, reset after 10                          | 0 "abcd", 100 "efgh", 200 "abcdefgh", 200 FIN
                duplicate 3, reset after 5                            | 0 "abc", 0 "abcd", 100 "e", 100 RST
                half-close, reset after 2s                            | 0 half-close, 200 closed
                half-close, reset after 150ms                         | 0 half-close, 150 RST
                half-close, slow-close 50ms                           | 0 half-close, 200 closed
                greet "hi", close                                     | 0 "hi", 0 close
                greet "hi", reset                                     | 0 "hi", 0 RST
                greet "hi", half-close                                | 0 "hi", 0 half-close, 200 closed
                close, greet "hi"                                     | 0 close
                throttle 50/s, greet "hi" after 3, close after 3      | 0 "a", 20 "b", 40 "c", 60 "h", 80 "i", 80 close
                greet "hi" after 50ms, close after 50ms               | 0 "abcd", 50 "hi", 50 close
                close after 50ms, greet "hi" after 50ms               | 0 "abcd", 50 close
                greet "hi", stall                                     | 0 "hi", 0 open
                stall, greet "hi" after 50ms                          | 50 open
                duplicate 42, greet "hi" after 150ms                  | 0 "abcd", 100 "efgh", 150 "hi", 200 "abcdefgh", 200 FIN
                throttle 50/s, greet "hello", reset after 30ms        | 0 "h", 20 "e", 30 RST
                delay 30ms, fragment 3, corrupt byte 2, reset after 6 | 30 "a\\x9dc", 30 "d", 130 "ef", 130 RST
                delay 30ms, slow-close 50ms                           | 30 "abcd", 130 "efgh", 250 FIN
                delay 30ms, throttle 100/s, fragment 1 every 7ms      | 30 "a", 40 "b", 50 "c", 60 "d", 130 "e", 140 "f", 150 "g", 160 "h", 230 FIN
                delay 20ms, delay 30ms                                | 30 "abcd", 130 "efgh", 230 FIN
                throttle 100/s, throttle 50/s                         | 0 "a", 20 "b", 40 "c", 60 "d", 100 "e", 120 "f", 140 "g", 160 "h", 200 FIN
                corrupt, corrupt byte 1                               | 0 "a\\x9d\\x9c\\x9b", 100 "\\x9a\\x99\\x98\\x97", 200 FIN
                duplicate 2, duplicate 3                              | 0 "ab", 0 "abc", 0 "abcd", 100 "efgh", 200 FIN
                duplicate 3, truncate 4                               | 0 "abc", 100 "efgh", 200 FIN
                truncate 4, duplicate 3                               | 100 "efgh", 200 FIN
                duplicate 3, discard after 4                          | 0 "abc", 0 "abcd", 200 FIN
                delay 30ms, duplicate 3, throttle 100/s               | 30 "ab", 50 "c", 60 "ab", 80 "cd", 130 "ef", 150 "gh", 230 FIN
                delay 30ms, greet "hi" on fin, slow-close 50ms        | 30 "abcd", 130 "efgh", 200 "hi", 250 FIN
                close, reset                                          | 0 close
                reset, close                                          | 0 RST
                stall, reset after 150ms                              | 150 RST
                discard, greet "hi" after 150ms                       | 150 "hi", 200 FIN
                truncate 3 after 3, corrupt after 7                   | 0 "abc", 100 "g", 100 "\\x97", 200 FIN
                delay 30ms, reset on fin                              | 30 "abcd", 130 "efgh", 200 RST
                stall after 50ms, close after 250ms                   | 0 "abcd", 250 close
                throttle 100/s, greet "hello"                         | 0 "he", 20 "ll", 40 "o", 50 "ab", 70 "cd", 100 "ef", 120 "gh", 200 FIN
                fragment 2, greet "hello"                             | 0 "he", 0 "ll", 0 "o", 0 "ab", 0 "cd", 100 "ef", 100 "gh", 200 FIN
                fragment 1, duplicate 2                               | 0 "a", 0 "b", 0 "a", 0 "b", 0 "c", 0 "d", 100 "e", 100 "f", 100 "g", 100 "h", 200 FIN
                """)
    void combinesFaults(String faults, String seen) {
        assertThat(seenBy("0 abcd, 100 efgh, 200 FIN", faults)).isEqualTo(seen);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                discard, reset after 4                   | 0 RST
                discard, reset after 4 sent              | 200 FIN
                discard after 4, greet "hi" after 5      | 0 "abcd", 100 "hi", 200 FIN
                discard after 4, greet "hi" after 5 sent | 0 "abcd", 200 FIN
                truncate 2, reset after 4                | 0 "cd", 0 RST
                truncate 2, reset after 4 sent           | 0 "cd", 100 "ef", 100 RST
                duplicate 2, reset after 3               | 0 "ab", 0 "abc", 0 RST
                duplicate 2, reset after 3 sent          | 0 "ab", 0 "a", 0 RST
                """)
    void afterCountsInputAndAfterSentOutput(String faults, String seen) {
        assertThat(seenBy("0 abcd, 100 efgh, 200 FIN", faults)).isEqualTo(seen);
    }

    /** The client sees the same for every cut of its stream. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                discard, close after 5, greet "bye" after 3     | bye close
                duplicate 4, greet "<>" after 2 sent            | 12<>341234567 FIN
                duplicate 4, greet "<>" after 2                 | 1212<>3434567 FIN
                duplicate 2, duplicate 3                        | 121231234567 FIN
                duplicate 4, duplicate 3 after 2                | 12123434534567 FIN
                truncate 4, duplicate 3                         | 567 FIN
                duplicate 3, truncate 4                         | 123567 FIN
                duplicate 9, truncate 3, greet "<>" after 2     | 12<>345674567 FIN
                reset on fin, greet "hi" after 7                | 1234567hi RST
                reset on fin, close after 7                     | 1234567 close
                stall after 7, reset on fin                     | 1234567 open
                greet "hello", reset after 3 sent               | hel RST
                greet "hello", close after 2                    | hello12 close
                half-close after 2, close after 6, reset after 4 | 12 half-close RST
                half-close, greet "x" after 2, reset after 3    | half-close RST
                corrupt 30% seed 7                              | \u00ce2345\u00c97 FIN
                corrupt 30% seed 7, greet "hi" after 5          | \u00ce2345hi\u00c97 FIN
                greet "hi", corrupt 30% seed 7 after 4 sent     | hi12345\u00c97 FIN
                """)
    void cutsOfInputChangeNoOutput(String faults, String sent) {
        for (String cut : CUTS) {
            assertThat(SimulatedConnection.output(
                                    SimulatedConnection.by(faults).client(cut).run())
                            .trim())
                    .as(cut)
                    .isEqualTo(sent);
        }
    }

    private static final List<String> CUTS = List.of(
            "0 1234567, 0 FIN",
            "0 1234567, 9 FIN",
            "0 1, 0 2, 0 3, 0 4, 0 5, 0 6, 0 7, 0 FIN",
            "0 1, 1 2, 2 3, 3 4, 4 5, 5 6, 6 7, 7 FIN",
            "0 12, 1 345, 2 67, 2 FIN",
            "0 123, 1 45, 2 67, 3 FIN");

    private static String seenBy(String client, String faults) {
        return SimulatedConnection.by(faults).client(client).run().stream()
                .map(SimulatedConnection.Event::toString)
                .collect(Collectors.joining(", "));
    }

    private static GateChain chain(String faults, boolean isDialogue) {
        return new GateChain(FaultPlan.parse(faults).rules().get(0).faults(), 1, 0, isDialogue, fault -> {});
    }

    @Test
    void awaitsStageOfItsFault() {
        GateChain gates = chain("delay 5ms after client-hello", false);
        assertThat(gates.awaits(HandshakeStage.CLIENT_HELLO)).isTrue();
        assertThat(gates.awaits(HandshakeStage.SERVER_HELLO)).isFalse();
        gates.reached(HandshakeStage.CLIENT_HELLO, 0);
        gates.judge(0, 0);
        assertThat(gates.awaits(HandshakeStage.CLIENT_HELLO)).isFalse();
    }

    /** A dialogue goes on when all that was put before its pause has left. */
    @Test
    void pauseEndsWhenAllBeforeItHasLeft() {
        GateChain gates = chain("delay 1ms after 100", true);
        assertThat(gates.flush(5)).isTrue();
        assertThat(gates.flush(5)).as("the same pause").isFalse();
        gates.judge(5, 0);
        assertThat(gates.isSettled()).isFalse();
        gates.done(5, 0);
        gates.judge(0, 0);
        assertThat(gates.isSettled()).isTrue();
    }
}
