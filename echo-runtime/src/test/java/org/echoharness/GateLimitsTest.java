package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.echoharness.memory.HeldMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gates with sockets that take little, small rings and quick clients; and faults that are refused. */
class GateLimitsTest {

    private static final int MANY = 2_000;

    @ParameterizedTest(name = "{0}, {1} bytes every {2} ms")
    @CsvSource(delimiter = '|', textBlock = """
                # what the socket took counts, not what was offered: two bytes a 20 ms, but one byte only 10 ms
                throttle 100/s                   | 2 | 0  | 0 "ab", 20 "cd", 40 "ef", 40 FIN
                throttle 100/s                   | 1 | 0  | 0 "a", 10 "b", 20 "c", 30 "d", 40 "e", 50 "f", 50 FIN
                throttle 100/s                   | 1 | 30 | 0 "a", 30 "b", 60 "c", 90 "d", 120 "e", 150 "f", 150 FIN
                fragment 4                       | 3 | 5  | 0 "abc", 5 "def", 5 FIN
                fragment 2 every 7ms             | 1 | 0  | 0 "a", 7 "b", 14 "c", 21 "d", 28 "e", 35 "f", 35 FIN
                corrupt bytes 2-4                | 1 | 1  | 0 "a", 1 "\\x9d", 2 "\\x9c", 3 "\\x9b", 4 "e", 5 "f", 5 FIN
                corrupt 50% seed 42              | 4 | 1  | 0 "\\x9e\\x9dc\\x9b", 1 "\\x9a\\x99", 1 FIN
                corrupt 50% seed 42              | 1 | 1  | 0 "\\x9e", 1 "\\x9d", 2 "c", 3 "\\x9b", 4 "\\x9a", 5 "\\x99", 5 FIN
                duplicate 3                      | 2 | 1  | 0 "ab", 1 "c", 1 "a", 2 "bc", 3 "de", 4 "f", 4 FIN
                duplicate 3, corrupt byte 1      | 2 | 1  | 0 "\\x9eb", 1 "c", 1 "\\x9e", 2 "bc", 3 "de", 4 "f", 4 FIN
                duplicate 3, corrupt bytes 1-3   | 2 | 1  | 0 "\\x9e\\x9d", 1 "\\x9c", 1 "\\x9e", 2 "\\x9d\\x9c", 3 "de", 4 "f", 4 FIN
                greet "hello"                    | 2 | 1  | 0 "he", 1 "ll", 2 "o", 2 "a", 3 "bc", 4 "de", 5 "f", 5 FIN
                reset after 3 sent               | 2 | 1  | 0 "ab", 1 "c", 1 RST
                discard after 3 sent             | 2 | 1  | 0 "ab", 1 "c", 1 FIN
                delay 2ms                        | 2 | 9  | 2 "ab", 9 "cd", 18 "ef", 18 FIN
                half-close after 3               | 2 | 1  | 0 "ab", 1 "c", 1 half-close, 1 closed
                """)
    void continuesAfterPartialWrite(String faults, int bytes, long everyMillis, String seen) {
        SimulatedConnection judged = SimulatedConnection.by(faults)
                .client("0 abcdef, 0 FIN")
                .takes(bytes, everyMillis * SimulatedConnection.MILLI);

        assertThat(seenBy(judged)).isEqualTo(seen);
    }

    @ParameterizedTest(name = "{0}, ring {1}")
    @CsvSource(delimiter = '|', textBlock = """
                # what the ring has no room for is read later, and that is when it came
                delay 30ms                       | 4 | 30 "abcd", 60 "ef", 60 FIN
                duplicate 4                      | 4 | 0 "abcd", 0 "abcd", 0 "ef", 0 FIN
                duplicate 4 after 1              | 4 | 0 "a", 0 "bcd", 0 "e", 0 "bcde", 0 "f", 0 FIN
                discard                          | 1 | 0 FIN
                stall after 4                    | 4 | 0 "abcd", 0 open
                throttle 100/s                   | 1 | 0 "a", 10 "b", 20 "c", 30 "d", 40 "e", 50 "f", 50 FIN
                """)
    void holdsAtMostTheRing(String faults, int ring, String seen) {
        assertThat(seenBy(
                        SimulatedConnection.by(faults).client("0 abcdef, 0 FIN").ring(ring)))
                .isEqualTo(seen);
    }

    /** The times are in a ring, and the oldest ones are gone when it grows. */
    @Test
    void delayKeepsItsTimesInOrder() {
        StringBuilder client = new StringBuilder();
        StringBuilder seen = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            int at = i < 4 ? i : 100 + i;
            client.append(at).append(' ').append((char) ('a' + i)).append(", ");
            seen.append(100 + at).append(" \"").append((char) ('a' + i)).append("\", ");
        }
        assertThat(seenBy(SimulatedConnection.by("delay 100ms").client(client + "500 FIN")))
                .isEqualTo(seen + "600 FIN");
    }

    /** Without memory for more than eight times, what came closest to the next leaves with it. */
    @Test
    void delayWithoutMemoryJoinsNearestTimes() {
        int all = (int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory());
        HeldMemory.take(all);
        try {
            assertThat(seenBy(SimulatedConnection.by("delay 100ms")
                            .client("0 a, 10 b, 20 c, 21 d, 30 e, 40 f, 50 g, 60 h, 70 i, 80 FIN")))
                    .isEqualTo(
                            "100 \"a\", 110 \"b\", 120 \"c\", 130 \"de\", 140 \"f\", 150 \"g\", 160 \"h\", 170 \"i\","
                                    + " 180 FIN");
        } finally {
            HeldMemory.release(all);
        }
    }

    @ParameterizedTest(name = "{0}, woken {2} us late, {3} bytes held at most")
    @CsvSource({
        "throttle 64KiB/s,                                        65536, 0,     131072",
        "throttle 64KiB/s,                                        65536, 1000,  131072",
        "throttle 64KiB/s,                                        65536, 30000, 131072",
        "'throttle 64KiB/s, fragment 16',                         65536, 0,     131072",
        "'throttle 64KiB/s, fragment 16',                         65536, 1000,  131072",
        "'fragment 1, throttle 64KiB/s',                          65536, 1000,  131072",
        "'throttle 64KiB/s, fragment 1',                          65536, 30000, 131072",
        "'throttle 64KiB/s, fragment 7 every 1ms, throttle 1001/s', 1001, 1500, 2002",
        "'delay 5ms, throttle 64KiB/s, fragment 16',              65536, 1000,  131072",
        "throttle 333/s,                                            333, 1000,  666",
        "throttle 3/s,                                                3, 7,     6",
        // an empty ring does not mean that the client has sent nothing more
        "throttle 64KiB/s,                                        65536, 1000,  64",
        "throttle 64KiB/s,                                        65536, 1000,  100",
        "throttle 64KiB/s,                                        65536, 1000,  1",
        "throttle 64KiB/s,                                        65536, 30000, 1000",
        "'throttle 64KiB/s, fragment 16',                         65536, 1500,  48",
        "'throttle 90KiB/s, throttle 64KiB/s',                    65536, 2500,  64",
        "throttle 333/s,                                            333, 20000, 2",
    })
    void throttleKeepsRateAndNeverExceedsIt(String faults, long rate, long micros, int ring) {
        long burst = Math.max(1, rate / 50);
        int bytes = (int) (2 * rate);

        List<SimulatedConnection.Event> events = SimulatedConnection.by(faults)
                .ring(ring)
                .sends(0, "a".repeat(bytes).getBytes(StandardCharsets.US_ASCII))
                .late(micros * 1_000)
                .mostSteps(20 * bytes)
                .run();

        long first = events.get(0).nanos();
        long sent = 0;
        long last = 0;
        for (SimulatedConnection.Event event : events.subList(0, events.size() - 1)) {
            sent += event.what().length() - 2;
            last = event.nanos() - first;
            assertThat(sent).as("bytes by " + event.nanos()).isLessThanOrEqualTo(burst + last * rate / 1_000_000_000);
        }
        assertThat(sent).isEqualTo(bytes);
        assertThat(last)
                .as("nanoseconds for all")
                .isLessThanOrEqualTo((bytes * 1_000_000_000L + rate - 1) / rate + micros * 1_000);
    }

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource(delimiter = '|', textBlock = """
                throttle 100/s             | 0 ab, 1000 cdefgh, 2000 FIN        | 0 "ab", 1000 "cd", 1020 "ef", 1040 "gh", 2000 FIN
                throttle 100/s             | 0 a, 5 b, 1000 cdefgh, 2000 FIN    | 0 "a", 10 "b", 1000 "cd", 1020 "ef", 1040 "gh", 2000 FIN
                delay 50ms, throttle 100/s | 0 ab, 55 cd, 56 efgh, 2000 FIN     | 50 "ab", 105 "cd", 125 "ef", 145 "gh", 2050 FIN
                throttle 100/s, stall after 4, reset after 5s | 0 abcdefgh      | 0 "ab", 20 "cd", 5000 RST
                """)
    void throttleSavesNoBudgetWhileIdle(String faults, String client, String seen) {
        assertThat(seenBy(SimulatedConnection.by(faults).client(client))).isEqualTo(seen);
    }

    /** The throttle makes up for a late write only while the client's bytes keep it busy. */
    @ParameterizedTest(name = "{0}, {1} bytes held, woken {2} ms late, {3}")
    @CsvSource(delimiter = '|', textBlock = """
                throttle 100/s | 2 | 50 | 0 abcd, 1000 efgh           | 0 "ab", 70 "cd", 1000 "ef", 1070 "gh", 1070 open
                throttle 100/s | 2 | 50 | 0 abcdef, 71 ghij           | 0 "ab", 70 "cd", 70 "ef", 71 "gh", 141 "ij", 141 open
                throttle 100/s | 9 | 50 | 0 abcd, 71 efgh             | 0 "ab", 70 "cd", 71 "ef", 141 "gh", 141 open
                delay 10ms, throttle 100/s | 9 | 50 | 0 abcd, 100 efgh | 60 "ab", 100 "cd", 160 "ef", 230 "gh", 230 open
                """)
    void throttleKeepsRateAfterIdleTime(String faults, int ring, long lateMillis, String client, String seen) {
        SimulatedConnection judged =
                SimulatedConnection.by(faults).ring(ring).late(lateMillis * SimulatedConnection.MILLI);

        assertThat(seenBy(judged.client(client))).isEqualTo(seen);
    }

    @Test
    void throttleCatchesUpAtMost100ms() {
        SimulatedConnection judged = SimulatedConnection.by("throttle 100/s").client("0 abcdefghijklmnopqrstuvwxyz");

        assertThat(seenBy(judged.late(400 * SimulatedConnection.MILLI)))
                .startsWith(
                        "0 \"ab\", 420 \"cd\", 420 \"ef\", 420 \"gh\", 420 \"ij\", 420 \"kl\", 420 \"mn\", 840 \"op\"");
    }

    @Test
    void delaysDoNotAddUp() {
        assertThat(seenBy(SimulatedConnection.by("delay 50ms").client("0 a, 10 b, 20 c, 49 d, 60 e, 70 FIN")))
                .isEqualTo("50 \"a\", 60 \"b\", 70 \"c\", 99 \"d\", 110 \"e\", 120 FIN");
    }

    @Test
    void jitterKeepsOrderAndRange() {
        SimulatedConnection judged = SimulatedConnection.by("delay 10ms jitter 10ms seed 3");
        for (int i = 0; i < 200; i++) {
            judged.sends(i * SimulatedConnection.MILLI, new byte[] {(byte) ('a' + i % 26)});
        }

        List<SimulatedConnection.Event> events =
                judged.ring(1_000).fin(MANY * SimulatedConnection.MILLI).run();

        StringBuilder bytes = new StringBuilder();
        for (SimulatedConnection.Event event : events.subList(0, events.size() - 1)) {
            String now = event.what().substring(1, event.what().length() - 1);
            bytes.append(now);
            assertThat(event.nanos())
                    .isBetween(
                            (bytes.length() - 1) * SimulatedConnection.MILLI,
                            (bytes.length() + 19) * SimulatedConnection.MILLI);
        }
        assertThat(bytes.toString()).hasSize(200).startsWith("abcdefghijklmnopqrstuvwxyzabc");
        assertThat(events.get(events.size() - 1).what()).isEqualTo("FIN");
    }

    @Test
    void keepsTimesOfManyReads() {
        SimulatedConnection judged = SimulatedConnection.by("delay 1000ms");
        for (int i = 0; i < MANY; i++) {
            judged.sends(i * SimulatedConnection.MILLI, new byte[] {'a'});
        }

        List<SimulatedConnection.Event> events =
                judged.ring(MANY).fin(MANY * SimulatedConnection.MILLI).run();

        int bytes = 0;
        for (SimulatedConnection.Event event : events.subList(0, events.size() - 1)) {
            int more = event.what().length() - 2;
            assertThat(event.nanos() / SimulatedConnection.MILLI - 1_000 - bytes)
                    .as("how much later than due byte " + bytes + " leaves")
                    .isBetween(0L, 4L);
            bytes += more;
        }
        assertThat(bytes).isEqualTo(MANY);
    }

    @Test
    void lateDelayCountsFromArrival() {
        SimulatedConnection judged = SimulatedConnection.by("delay 50ms after 1000");
        for (int i = 0; i < 998; i++) {
            judged.sends(i * SimulatedConnection.MILLI, new byte[] {'a'});
        }

        List<SimulatedConnection.Event> events =
                judged.client("1000 bcd, 1010 e, 1020 FIN").run();

        assertThat(events.subList(998, events.size())).hasToString("[1000 \"bc\", 1050 \"d\", 1060 \"e\", 1070 FIN]");
    }

    /** If the faults are replaced, the bytes that were sent as a copy are not sent again. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                duplicate 4                          | 2
                duplicate 4, duplicate 4             | 2
                truncate 1, duplicate 4              | 0
                delay 1ms, corrupt                   | 0
                """)
    void countsCopiedBytes(String faults, int copied) {
        GateChain gates = new GateChain(FaultPlan.parse(faults).rules().get(0).faults(), 1, 0, false, fault -> {});
        gates.received(6, 0);
        gates.judge(6, 0);
        gates.done(2, 0);

        assertThat(gates.copied()).isEqualTo(copied);
    }

    @Test
    void reportsEachFaultOnce() {
        SimulatedConnection judged = SimulatedConnection.by(
                "delay 30ms, close after 4, greet \"x\" after 10ms, corrupt after 1 sent, reset on fin");
        judged.client("0 abcd, 100 FIN").run();

        assertThat(judged.tookEffect())
                .containsExactly("delay 30ms", "greet \"x\" after 10ms", "corrupt after 1 sent", "close after 4");
    }

    @Test
    void wakesForFirstDeadline() {
        SimulatedConnection judged = SimulatedConnection.by(
                "delay 70ms, fragment 2 every 5ms, throttle 100/s after 90ms, greet \"x\" after 80ms, reset"
                        + " after 135ms");

        assertThat(seenBy(judged.client("0 abcdefgh, 30 ijkl, 40 FIN")))
                .isEqualTo("70 \"ab\", 75 \"cd\", 80 \"x\", 85 \"ef\", 90 \"gh\", 110 \"ij\", 130 \"kl\", 130 FIN");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "delay 50ms",
                "throttle 1/s",
                "fragment 1",
                "close",
                "half-close",
                "discard",
                "corrupt",
                "corrupt byte 1",
                "corrupt 5% seed 1",
                "duplicate 1",
                "truncate 1"
            })
    void refusesByteEffectOnFin(String effect) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.parse(effect).onFin())
                .withMessage(effect
                        + " on fin: no byte comes after the client's FIN; on fin is only for reset, stall, greet");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.parse(effect + " on fin"))
                .withMessage("fault: at position 1: " + effect
                        + " on fin: no byte comes after the client's FIN; on fin is only for reset, stall, greet");
    }

    @ParameterizedTest
    @CsvSource({"at accept", "after 3", "after 3 sent", "after 2s"})
    void refusesTriggerOfSlowClose(String trigger) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FaultPlan.parse("reset after 5, slow-close 1s " + trigger))
                .withMessage("faults: at position 16: slow-close 1s " + trigger
                        + ": slow-close is about the client's FIN; leave its trigger out, or use stall or delay");
    }

    private static String seenBy(SimulatedConnection judged) {
        return judged.run().stream().map(SimulatedConnection.Event::toString).collect(Collectors.joining(", "));
    }
}
