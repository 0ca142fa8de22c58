package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.echoharness.gates.Seeds;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a client gets depends on the position in its stream alone, and not on how the kernel cuts the stream or on how much
 * the socket takes: the same bytes and the same end, for ten thousand plans and every cut. To try other plans:
 * {@code -Dfaults.seed=7}.
 *
 * <p>An effect on bytes or on the connection {@code after TIME} is left out, because time decides which bytes have come.
 * Faults that only hold bytes back ({@code delay}, {@code throttle}, {@code fragment}, {@code slow-close}) are included
 * with every trigger.
 */
class CutsTest {

    private static final int PLANS = 10_000;
    private static final int MOST = 24; // bytes and milliseconds of faults, and bytes of the client
    private static final int RANDOM_CUTS = 6;

    static LongStream seeds() {
        Long other = Long.getLong("faults.seed");
        return other == null ? LongStream.of(42) : LongStream.of(42, other);
    }

    @Tag("random")
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void cutsOfInputChangeNoOutput(long seed) {
        System.out.println("CutsTest: -Dfaults.seed=" + seed);
        for (int i = 0; i < PLANS; i++) {
            Random random = new Random(Seeds.mix(seed, i));
            assertCutsDoNotMatter("plan " + i + " of seed " + seed, plan(random), bytes(random), random);
        }
    }

    /** Cut at every byte too; {@code close} and the like stand for how the stream ends. */
    @ParameterizedTest(name = "{0} of {1}")
    @CsvSource(delimiter = '|', textBlock = """
                discard, close after 5, greet "bye" after 3             | 12345    | bye close
                discard, greet "bye" after 3, close after 3             | 12345    | bye close
                discard, close after 3, greet "bye" after 3             | 12345    | close
                duplicate 4, greet "<>" after 2 sent                    | 123456   | 12<>34123456 FIN
                duplicate 4, greet "<>" after 4 sent                    | 123456   | 1234<>123456 FIN
                duplicate 4, greet "<>" after 6 sent                    | 123456   | 123412<>3456 FIN
                duplicate 4, greet "<>" after 2                         | 123456   | 1212<>343456 FIN
                duplicate 2, duplicate 3                                | 123456   | 12123123456 FIN
                duplicate 3, duplicate 2                                | 123456   | 12312123456 FIN
                duplicate 4, duplicate 3 after 2                        | 123456   | 12123434534 56 FIN
                duplicate 3 after 2, duplicate 4                        | 123456   | 12123453434 56 FIN
                duplicate 3, truncate 4                                 | 123456   | 12356 FIN
                truncate 2, duplicate 3                                 | 123456   | 33456 FIN
                duplicate 9                                             | 123456   | 123456123456 FIN
                duplicate 9, reset after 4                              | 123456   | 12341234 RST
                reset on fin, greet "bye" after 6                       | 123456   | 123456bye RST
                greet "bye" on fin, close after 6                       | 123456   | 123456 close
                greet "bye" on fin, reset on fin                        | 123456   | 123456bye RST
                reset on fin, greet "bye" on fin                        | 123456   | 123456 RST
                stall after 6, reset on fin                             | 123456   | 123456 open
                greet "hello", close after 2 sent                       | 123456   | he close
                greet "hello", stall after 2 sent                       | 123456   | he open
                greet "hello" after 3, close after 3 sent               | 123456   | 123hello close
                greet "a" after 2, greet "b" after 2, close after 3 sent | 123456  | 12a close
                half-close after 1, stall after 3, reset after 5        | 123456   | 1 half-close open
                half-close after 1, reset after 6                       | 123456   | 1 half-close RST
                half-close after 1, stall after 6                       | 123456   | 1 half-close open
                greet "hello", half-close after 2 sent, reset on fin    | 123456   | he half-close RST
                half-close after 3, greet "x" after 3, reset after 3    | 123456   | 123 half-close RST
                """)
    void positionsDecideOrderOfEffects(String plan, String client, String seen) {
        List<Fault> faults = FaultPlan.parse(plan).rules().get(0).faults();
        byte[] bytes = client.getBytes(StandardCharsets.ISO_8859_1);

        assertThat(whole(faults, bytes).replace(" ", "")).isEqualTo(seen.replace(" ", ""));
        assertCutsDoNotMatter("in cuts", faults, bytes, new Random(1));
    }

    private static void assertCutsDoNotMatter(String what, List<Fault> faults, byte[] sent, Random random) {
        String whole = whole(faults, sent);
        for (int at = 1; at < sent.length; at++) {
            assertSame(what, faults, new Cuts(sent, List.of(at), random), whole);
        }
        List<Integer> all = new ArrayList<>();
        for (int at = 1; at < sent.length; at++) {
            all.add(at);
        }
        assertSame(what, faults, new Cuts(sent, all, random), whole);
        for (int i = 0; i < RANDOM_CUTS; i++) {
            all.removeIf(at -> random.nextInt(3) == 0);
            assertSame(what, faults, new Cuts(sent, all, random), whole);
        }
    }

    private static void assertSame(String what, List<Fault> faults, Cuts cuts, String whole) {
        String text = what + ": " + faults + " with " + cuts;
        try {
            String seen = seen(cuts.client(faults).run());
            if (!seen.equals(whole)) {
                assertThat(seen).as(text).isEqualTo(whole);
            }
        } catch (RuntimeException failed) {
            throw new AssertionError(text, failed);
        }
    }

    private static String whole(List<Fault> faults, byte[] sent) {
        return seen(SimulatedConnection.by(faults, 1)
                .ring(1024)
                .sends(0, sent)
                .fin(0)
                .run());
    }

    private static String seen(List<SimulatedConnection.Event> events) {
        StringBuilder seen = new StringBuilder();
        for (SimulatedConnection.Event event : events) {
            seen.append(event.bytes().isEmpty() ? " " + event.what() : event.bytes());
        }
        return seen.toString();
    }

    private static byte[] bytes(Random random) {
        byte[] bytes = new byte[1 + random.nextInt(MOST)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static List<Fault> plan(Random random) {
        Plans plans = new Plans(random, MOST);
        List<Fault> faults = new ArrayList<>();
        for (int count = 1 + random.nextInt(5); count > 0; ) {
            Fault fault = plans.fault();
            if (!(fault.trigger() instanceof Trigger.AfterTime) || takesTimeOnly(fault.effect())) {
                faults.add(fault);
                count--;
            }
        }
        return faults;
    }

    private static boolean takesTimeOnly(Effect effect) {
        return effect instanceof Effect.Delay || effect instanceof Effect.Throttle || effect instanceof Effect.Fragment;
    }

    /** Where the client's stream is cut, how soon its parts come, and what its side of the socket takes. */
    private static final class Cuts {
        private final byte[] sent;
        private final List<Integer> cuts;
        private final long gap;
        private final boolean finIsLate;
        private final int takes;
        private final long every;
        private final int ring;

        Cuts(byte[] sent, List<Integer> cuts, Random random) {
            this.sent = sent;
            this.cuts = List.copyOf(cuts);
            gap = random.nextInt(3) * 5L * SimulatedConnection.MILLI + 1;
            finIsLate = random.nextBoolean();
            takes = 1 + random.nextInt(MOST);
            every = random.nextInt(3) * 2L * SimulatedConnection.MILLI;
            ring = MOST + random.nextInt(MOST);
        }

        SimulatedConnection client(List<Fault> faults) {
            SimulatedConnection client =
                    SimulatedConnection.by(faults, 1).ring(ring).takes(takes, every);
            long time = 0;
            int from = 0;
            for (int to : cuts) {
                client.sends(time, Arrays.copyOfRange(sent, from, to));
                time += gap;
                from = to;
            }
            client.sends(time, Arrays.copyOfRange(sent, from, sent.length));
            return client.fin(finIsLate ? time + gap : time);
        }

        @Override
        public String toString() {
            return sent.length + " bytes cut at " + cuts + " every " + gap + " ns, the FIN "
                    + (finIsLate ? "later" : "with the last") + ", ring " + ring + ", takes " + takes + " every "
                    + every;
        }
    }
}
