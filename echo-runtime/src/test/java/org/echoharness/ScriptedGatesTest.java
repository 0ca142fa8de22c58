package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.echoharness.gates.Seeds;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every effect with every trigger on what a script sends: the client sends {@code 1}, 100 ms later {@code 2}, again 100 ms
 * later {@code 3}, and again 100 ms later its FIN. Each write as its millisecond and its bytes. A flipped {@code a} is 9e.
 */
class ScriptedGatesTest {

    private static final String SCRIPT =
            "answer { \"1\" -> send \"abcd\", \"2\" -> send \"efgh\", \"3\" -> send \"ijkl\" }";

    private static final String CLIENT = "0 1, 100 2, 200 3, 300 FIN";

    private static final int PLANS = 10_000;
    private static final int MOST = 24; // bytes, messages and milliseconds of faults

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                delay 30ms                                      | 30 "abcd", 130 "efgh", 230 "ijkl", 330 FIN
                delay 30ms after 2                              | 0 "abcd", 130 "efgh", 230 "ijkl", 330 FIN
                delay 30ms after 5 sent                         | 0 "abcd", 100 "e", 130 "fgh", 230 "ijkl", 330 FIN
                delay 30ms after 150ms                          | 0 "abcd", 100 "efgh", 230 "ijkl", 330 FIN
                delay 30ms after 2 messages                     | 0 "abcd", 130 "efgh", 230 "ijkl", 330 FIN
                delay 30ms every 2nd message                    | 0 "abcd", 130 "efgh", 200 "ijkl", 300 FIN
                delay 30ms jitter 10ms seed 7                   | 38.676426 "abcd", 131.425342 "efgh", 222.108362 "ijkl", 339.661884 FIN
                delay 30ms jitter 10ms seed 7 after 2           | 0 "abcd", 131.425342 "efgh", 222.108362 "ijkl", 339.661884 FIN
                delay 30ms jitter 10ms seed 7 after 5 sent      | 0 "abcd", 100 "e", 131.425342 "fgh", 222.108362 "ijkl", 339.661884 FIN
                delay 30ms jitter 10ms seed 7 after 150ms       | 0 "abcd", 100 "efgh", 222.108362 "ijkl", 339.661884 FIN
                delay 30ms jitter 10ms seed 7 after 2 messages  | 0 "abcd", 131.425342 "efgh", 222.108362 "ijkl", 339.661884 FIN
                delay 30ms jitter 10ms seed 7 every 2nd message | 0 "abcd", 131.425342 "efgh", 200 "ijkl", 300 FIN
                throttle 100/s                                  | 0 "ab", 20 "cd", 100 "ef", 120 "gh", 200 "ij", 220 "kl", 300 FIN
                throttle 100/s after 2                          | 0 "abcd", 100 "ef", 120 "gh", 200 "ij", 220 "kl", 300 FIN
                throttle 100/s after 5 sent                     | 0 "abcd", 100 "e", 100 "fg", 120 "h", 200 "ij", 220 "kl", 300 FIN
                throttle 100/s after 150ms                      | 0 "abcd", 100 "efgh", 200 "ij", 220 "kl", 300 FIN
                throttle 100/s after 2 messages                 | 0 "abcd", 100 "ef", 120 "gh", 200 "ij", 220 "kl", 300 FIN
                fragment 3                                      | 0 "abc", 0 "d", 100 "efg", 100 "h", 200 "ijk", 200 "l", 300 FIN
                fragment 3 after 2                              | 0 "abcd", 100 "efg", 100 "h", 200 "ijk", 200 "l", 300 FIN
                fragment 3 after 5 sent                         | 0 "abcd", 100 "e", 100 "fgh", 200 "ijk", 200 "l", 300 FIN
                fragment 3 after 150ms                          | 0 "abcd", 100 "efgh", 200 "ijk", 200 "l", 300 FIN
                fragment 3 after 2 messages                     | 0 "abcd", 100 "efg", 100 "h", 200 "ijk", 200 "l", 300 FIN
                fragment 3 every 5ms                            | 0 "abc", 5 "d", 100 "efg", 105 "h", 200 "ijk", 205 "l", 300 FIN
                fragment 3 every 5ms after 2                    | 0 "abcd", 100 "efg", 105 "h", 200 "ijk", 205 "l", 300 FIN
                fragment 3 every 5ms after 5 sent               | 0 "abcd", 100 "e", 100 "fgh", 200 "ijk", 205 "l", 300 FIN
                fragment 3 every 5ms after 150ms                | 0 "abcd", 100 "efgh", 200 "ijk", 205 "l", 300 FIN
                fragment 3 every 5ms after 2 messages           | 0 "abcd", 100 "efg", 105 "h", 200 "ijk", 205 "l", 300 FIN
                slow-close 30ms                                 | 0 "abcd", 100 "efgh", 200 "ijkl", 330 FIN
                slow-close 30ms on fin                          | 0 "abcd", 100 "efgh", 200 "ijkl", 330 FIN
                """)
    void timingEffectsApplyFromTrigger(String faults, String seen) {
        assertThat(seenBy(SCRIPT, CLIENT, faults)).isEqualTo(seen);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                reset                       | 0 RST
                reset after 2               | 0 "abcd", 100 RST
                reset after 5 sent          | 0 "abcd", 100 "e", 100 RST
                reset after 150ms           | 0 "abcd", 100 "efgh", 150 RST
                reset after 2 messages      | 0 "abcd", 100 RST
                reset on fin                | 0 "abcd", 100 "efgh", 200 "ijkl", 300 RST
                close                       | 0 close
                close after 2               | 0 "abcd", 100 close
                close after 5 sent          | 0 "abcd", 100 "e", 100 close
                close after 150ms           | 0 "abcd", 100 "efgh", 150 close
                close after 2 messages      | 0 "abcd", 100 close
                half-close                  | 0 half-close, 300 closed
                half-close after 2          | 0 "abcd", 100 half-close, 300 closed
                half-close after 5 sent     | 0 "abcd", 100 "e", 100 half-close, 300 closed
                half-close after 150ms      | 0 "abcd", 100 "efgh", 150 half-close, 300 closed
                half-close after 2 messages | 0 "abcd", 100 half-close, 300 closed
                discard                     | 300 FIN
                discard after 2             | 0 "abcd", 300 FIN
                discard after 5 sent        | 0 "abcd", 100 "e", 300 FIN
                discard after 150ms         | 0 "abcd", 100 "efgh", 300 FIN
                discard after 2 messages    | 0 "abcd", 300 FIN
                discard every 2nd message   | 0 "abcd", 200 "ijkl", 300 FIN
                stall                       | 0 open
                stall after 2               | 0 "abcd", 100 open
                stall after 5 sent          | 0 "abcd", 100 "e", 100 open
                stall after 150ms           | 0 "abcd", 100 "efgh", 150 open
                stall after 2 messages      | 0 "abcd", 100 open
                stall on fin                | 0 "abcd", 100 "efgh", 200 "ijkl", 300 open
                """)
    void connectionEffectsApplyFromTrigger(String faults, String seen) {
        assertThat(seenBy(SCRIPT, CLIENT, faults)).isEqualTo(seen);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                corrupt                               | 0 "\\x9e\\x9d\\x9c\\x9b", 100 "\\x9a\\x99\\x98\\x97", 200 "\\x96\\x95\\x94\\x93", 300 FIN
                corrupt after 2                       | 0 "abcd", 100 "\\x9a\\x99\\x98\\x97", 200 "\\x96\\x95\\x94\\x93", 300 FIN
                corrupt after 5 sent                  | 0 "abcd", 100 "e", 100 "\\x99\\x98\\x97", 200 "\\x96\\x95\\x94\\x93", 300 FIN
                corrupt after 150ms                   | 0 "abcd", 100 "efgh", 200 "\\x96\\x95\\x94\\x93", 300 FIN
                corrupt after 2 messages              | 0 "abcd", 100 "\\x9a\\x99\\x98\\x97", 200 "\\x96\\x95\\x94\\x93", 300 FIN
                corrupt every 2nd message             | 0 "abcd", 100 "\\x9a\\x99\\x98\\x97", 200 "ijkl", 300 FIN
                corrupt byte 2                        | 0 "a\\x9dcd", 100 "efgh", 200 "ijkl", 300 FIN
                corrupt byte 2 after 2                | 0 "abcd", 100 "e\\x99gh", 200 "ijkl", 300 FIN
                corrupt byte 2 after 5 sent           | 0 "abcd", 100 "e", 100 "f\\x98h", 200 "ijkl", 300 FIN
                corrupt byte 2 after 150ms            | 0 "abcd", 100 "efgh", 200 "i\\x95kl", 300 FIN
                corrupt byte 2 after 2 messages       | 0 "abcd", 100 "e\\x99gh", 200 "ijkl", 300 FIN
                corrupt byte 2 every 2nd message      | 0 "abcd", 100 "e\\x99gh", 200 "ijkl", 300 FIN
                corrupt 50% seed 42                   | 0 "\\x9e\\x9dc\\x9b", 100 "\\x9a\\x99g\\x97", 200 "ij\\x94l", 300 FIN
                corrupt 50% seed 42 after 2           | 0 "abcd", 100 "\\x9a\\x99g\\x97", 200 "ij\\x94l", 300 FIN
                corrupt 50% seed 42 after 5 sent      | 0 "abcd", 100 "e", 100 "\\x99g\\x97", 200 "ij\\x94l", 300 FIN
                corrupt 50% seed 42 after 150ms       | 0 "abcd", 100 "efgh", 200 "ij\\x94l", 300 FIN
                corrupt 50% seed 42 after 2 messages  | 0 "abcd", 100 "\\x9a\\x99g\\x97", 200 "ij\\x94l", 300 FIN
                corrupt 50% seed 42 every 2nd message | 0 "abcd", 100 "\\x9a\\x99g\\x97", 200 "ijkl", 300 FIN
                duplicate 3                           | 0 "abc", 0 "abcd", 100 "efgh", 200 "ijkl", 300 FIN
                duplicate 3 after 2                   | 0 "abcd", 100 "efg", 100 "efgh", 200 "ijkl", 300 FIN
                duplicate 3 after 5 sent              | 0 "abcd", 100 "e", 100 "fgh", 100 "fgh", 200 "ijkl", 300 FIN
                duplicate 3 after 150ms               | 0 "abcd", 100 "efgh", 200 "ijk", 200 "ijkl", 300 FIN
                duplicate 3 after 2 messages          | 0 "abcd", 100 "efg", 100 "efgh", 200 "ijkl", 300 FIN
                duplicate 3 every 2nd message         | 0 "abcd", 100 "efg", 100 "efgh", 200 "ijkl", 300 FIN
                truncate 3                            | 0 "d", 100 "efgh", 200 "ijkl", 300 FIN
                truncate 3 after 2                    | 0 "abcd", 100 "h", 200 "ijkl", 300 FIN
                truncate 3 after 5 sent               | 0 "abcd", 100 "e", 200 "ijkl", 300 FIN
                truncate 3 after 150ms                | 0 "abcd", 100 "efgh", 200 "l", 300 FIN
                truncate 3 after 2 messages           | 0 "abcd", 100 "h", 200 "ijkl", 300 FIN
                truncate 3 every 2nd message          | 0 "abcd", 100 "h", 200 "ijkl", 300 FIN
                greet "hi"                            | 0 "hi", 0 "abcd", 100 "efgh", 200 "ijkl", 300 FIN
                greet "hi" after 2                    | 0 "abcd", 100 "hi", 100 "efgh", 200 "ijkl", 300 FIN
                greet "hi" after 5 sent               | 0 "abcd", 100 "e", 100 "hi", 100 "fgh", 200 "ijkl", 300 FIN
                greet "hi" after 150ms                | 0 "abcd", 100 "efgh", 150 "hi", 200 "ijkl", 300 FIN
                greet "hi" after 2 messages           | 0 "abcd", 100 "hi", 100 "efgh", 200 "ijkl", 300 FIN
                greet "hi" every 2nd message          | 0 "abcd", 100 "hi", 100 "efgh", 200 "ijkl", 300 FIN
                greet "hi" on fin                     | 0 "abcd", 100 "efgh", 200 "ijkl", 300 "hi", 300 FIN
                """)
    void byteEffectsApplyFromTrigger(String faults, String seen) {
        assertThat(seenBy(SCRIPT, CLIENT, faults)).isEqualTo(seen);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            corrupt after 3                         | 0 "ab", 10 "c", 10 "\\x9b", 20 "\\x9a\\x99", 30 FIN
            delay 30ms, corrupt after 3             | 30 "ab", 40 "c", 40 "\\x9b", 50 "\\x9a\\x99", 60 FIN
            reset after 5                           | 0 "ab", 10 "cd", 20 "e", 20 RST
            """)
    void echoStepCountsBytesOfClient(String faults, String seen) {
        assertThat(seenBy("echo", "0 ab, 10 cd, 20 ef, 30 FIN", faults)).isEqualTo(seen);
    }

    /** The client sends all at once: the script does not run ahead of a fault. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            reset after 2 messages                                | 0 "abcd", 0 RST
            close after 3 messages                                | 0 "abcdefgh", 0 close
            reset after 4 messages                                | 0 "abcdefghijkl", 0 FIN
            half-close after 2                                    | 0 "abcd", 0 half-close, 0 closed
            stall after 2 messages                                | 0 "abcd", 0 open
            corrupt byte 2 every 1st message                      | 0 "a\\x9dcd", 0 "e\\x99gh", 0 "i\\x95kl", 0 FIN
            corrupt every 2nd message                             | 0 "abcd", 0 "\\x9a\\x99\\x98\\x97", 0 "ijkl", 0 FIN
            duplicate 3 every 1st message                         | 0 "abc", 0 "abcd", 0 "efg", 0 "efgh", 0 "ijk", 0 "ijkl", 0 FIN
            duplicate 9 every 2nd message                         | 0 "abcd", 0 "efgh", 0 "efgh", 0 "ijkl", 0 FIN
            truncate 9 every 2nd message                          | 0 "abcd", 0 "ijkl", 0 FIN
            discard every 1st message                             | 0 FIN
            delay 30ms every 2nd message                          | 0 "abcd", 30 "efgh", 30 "ijkl", 30 FIN
            delay 30ms every 1st message                          | 30 "abcd", 60 "efgh", 90 "ijkl", 90 FIN
            greet "-" every 1st message                           | 0 "-", 0 "abcd", 0 "-", 0 "efgh", 0 "-", 0 "ijkl", 0 FIN
            greet "-" every 1st message, discard every 2nd message | 0 "-", 0 "abcd", 0 "-", 0 "-", 0 "ijkl", 0 FIN
            discard, greet "-" every 2nd message                  | 0 "-", 0 FIN
            throttle 100/s, reset after 2 messages                | 0 "ab", 20 "cd", 20 RST
            throttle 100/s, greet "<>" every 2nd message          | 0 "ab", 20 "cd", 40 "<>", 60 "ef", 80 "gh", 100 "ij", 120 "kl", 120 FIN
            delay 30ms, close after 3 messages                    | 30 "abcdefgh", 30 close
            greet "-" after 2 messages, close after 2 messages    | 0 "abcd", 0 "-", 0 close
            close after 2 messages, greet "-" after 2 messages    | 0 "abcd", 0 close
            close after 2 messages, greet "-" after 2             | 0 "abcd", 0 "-", 0 close
            close after 5 sent, greet "-" after 2 messages        | 0 "abcd", 0 "-", 0 close
            close after 3, reset on fin                           | 0 "abcdefgh", 0 close
            stall after 3 messages, close after 50ms              | 0 "abcdefgh", 50 close
            """)
    void faultsApplyToPipelinedAnswers(String faults, String seen) {
        assertThat(seenBy(SCRIPT, "0 123, 0 FIN", faults)).isEqualTo(seen);
    }

    /** What a script does at its end, or between messages. */
    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource(delimiter = '|', textBlock = """
            send "abcd", close                  | duplicate 9                  | 0 "abcd", 0 "abcd", 0 close
            send "abcd", reset                  | duplicate 9                  | 0 "abcd", 0 "abcd", 0 RST
            send "abcd", half-close, expect 3            | duplicate 9                  | 0 "abcd", 0 "abcd", 0 half-close, 300 closed
            send "abcd", close                  | delay 30ms                   | 30 "abcd", 30 close
            send "abcd", close                  | slow-close 30ms              | 0 "abcd", 0 close
            send "abcd", close                  | reset on fin                 | 0 "abcd", 0 close
            send "abcd", close                  | greet "hi" after 4 sent      | 0 "abcd", 0 "hi", 0 close
            send "abcd", close                  | stall after 2 sent           | 0 "ab", 0 open
            send "abcd", close                  | reset after 3 sent           | 0 "abc", 0 RST
            expect "1", send "abcd", expect 2 | half-close after 1 messages  | 0 half-close, 300 closed
            expect "1" within 50ms, echo        | stall                        | 0 open
            wait 50ms, echo                     | reset after 2                | 50 "12", 50 RST
            expect 2, echo, send "bye"          | greet "-" after 3            | 0 "3", 0 "-", 300 "bye", 300 FIN
            expect 2, echo, send "bye"          | reset after 3 messages       | 0 "3", 300 "bye", 300 FIN
            expect 1, send "a", expect 2        | discard every 1st message    | 300 FIN
            expect 1, expect 1, expect 1        | greet "-" every 1st message  | 0 "-", 0 "-", 0 "-", 300 FIN
            expect 3                            | close after 2, greet "-" after 1 | 0 "-", 0 close
            """)
    void stepsMeetFaults(String script, String faults, String seen) {
        assertThat(seenBy(script, "0 123, 300 FIN", faults)).isEqualTo(seen);
    }

    /** A message that is larger than the buffer is matched in parts. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            reset after 70                       |  RST
            reset after 100                      |  RST
            reset after 101                      | ok FIN
            greet "-" after 70, close after 80   | - close
            close after 80, greet "-" after 70   | - close
            close after 1 messages, greet "-" after 100 | - close
            """)
    void countsBytesOfLargeMessage(String faults, String seen) {
        for (int piece : new int[] {1, 7, 50, 100}) {
            SimulatedConnection connection = SimulatedConnection.by(faults)
                    .answers("expect 100, send \"ok\"")
                    .ring(64);
            for (int i = 0; i < 100; i += piece) {
                connection.sends(0, new byte[Math.min(piece, 100 - i)]);
            }
            String output = SimulatedConnection.output(connection.fin(0).run());
            assertThat(output.strip()).as("pieces of %d", piece).isEqualTo(seen.strip());
        }
    }

    /** Faults take effect on a script that echoes as they do on an echo: at the same time and to the byte. */
    @Tag("random")
    @Test
    void echoOfScriptIsEcho() {
        for (int i = 0; i < PLANS; i++) {
            long seed = Seeds.mix(42, i);
            Random random = new Random(seed);
            Plans plans = new Plans(random, MOST);
            List<Fault> faults = plans.faults(1 + random.nextInt(5));
            faults.removeIf(Fault::countsMessages); // an echo never reaches them
            byte[] sent = new byte[random.nextInt(100)];
            random.nextBytes(sent);
            String what = "plan " + i + ": " + faults;

            List<SimulatedConnection.Event> echoed =
                    cut(SimulatedConnection.by(faults, 1).ring(1024), sent, new Random(seed), what);
            List<SimulatedConnection.Event> answered =
                    cut(SimulatedConnection.by(faults, 1).ring(1024).answers("echo"), sent, new Random(seed), what);

            assertThat(answered).as(what).isEqualTo(echoed);
        }
    }

    private static List<SimulatedConnection.Event> cut(
            SimulatedConnection connection, byte[] sent, Random random, String what) {
        if (random.nextBoolean()) {
            connection.takes(1 + random.nextInt(20), random.nextInt(3) * SimulatedConnection.MILLI);
        }
        long time = 0;
        for (int from = 0; from < sent.length; ) {
            int to = Math.min(sent.length, from + 1 + random.nextInt(60));
            connection.sends(time, Arrays.copyOfRange(sent, from, to));
            time += random.nextInt(4) * 7_300_000L;
            from = to;
        }
        try {
            return connection.fin(time).run();
        } catch (AssertionError | RuntimeException failed) {
            throw new AssertionError(what, failed);
        }
    }

    private static final String[] MESSAGES = {"a", "b", "cx\n", "c\n", "d12345"};

    /** However the stream of the client is cut, and however little its socket takes, it gets the same. */
    @Tag("random")
    @ParameterizedTest
    @ValueSource(strings = {"", ", send \"bye\"", ", wait 3ms, send \"bye\", close", ", reset"})
    void cutsOfInputChangeNoAnswer(String end) {
        String script =
                "answer { \"a\" -> send \"12345\", \"b\" -> { }, \"c\" line \"{x}\" -> send \"<{x}>\", \"d\" 5 -> {"
                        + " send \"67\", send \"89\" } }" + end;
        for (int i = 0; i < PLANS / 4; i++) {
            Random random = new Random(Seeds.mix(7, i));
            Plans plans = new Plans(random, MOST);
            List<Fault> faults = new ArrayList<>();
            for (Fault fault : plans.faults(1 + random.nextInt(4))) {
                if (!(fault.trigger() instanceof Trigger.AfterTime)) {
                    faults.add(fault);
                }
            }
            StringBuilder sent = new StringBuilder();
            for (int n = random.nextInt(6); n > 0; n--) {
                sent.append(MESSAGES[random.nextInt(MESSAGES.length)]);
            }
            byte[] bytes = sent.toString().getBytes(StandardCharsets.ISO_8859_1);
            String what = "plan " + i + ": " + faults + " on " + script + " with " + sent;
            String whole = SimulatedConnection.output(SimulatedConnection.by(faults, 1)
                    .answers(script)
                    .ring(1024)
                    .sends(0, bytes.length == 0 ? new byte[0] : bytes)
                    .fin(0)
                    .run());
            for (int cuts = 0; cuts < 4; cuts++) {
                List<SimulatedConnection.Event> events = cut(
                        SimulatedConnection.by(faults, 1)
                                .ring(MOST + random.nextInt(3) * 16)
                                .answers(script),
                        bytes,
                        new Random(i + cuts),
                        what);
                assertThat(SimulatedConnection.output(events)).as(what).isEqualTo(whole);
            }
        }
    }

    private static String seenBy(String script, String client, String faults) {
        SimulatedConnection connection =
                SimulatedConnection.by(faults).answers(script).client(client);
        String seen = connection.run().stream()
                .map(SimulatedConnection.Event::toString)
                .collect(Collectors.joining(", "));
        return connection.problems().isEmpty() ? seen : seen + " " + connection.problems();
    }
}
