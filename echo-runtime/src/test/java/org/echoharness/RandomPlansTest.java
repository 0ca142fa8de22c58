package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.echoharness.gates.Seeds;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Ten thousand plans. To try others: {@code -Dfaults.seed=7}. */
class RandomPlansTest {

    private static final int PLANS = 10_000;
    private static final int MOST = 48; // bytes and milliseconds of faults, and bytes of a ring
    private static final int LONGEST = 16; // bytes where all cuts are tried
    private static final String FIN = "FIN";

    static LongStream seeds() {
        Long other = Long.getLong("faults.seed");
        return other == null ? LongStream.of(42) : LongStream.of(42, other);
    }

    /**
     * The random plans are the only tests that undo a change of bytes in every place, so they draw each effect that a server
     * without TLS takes. {@link WireFaultsTest} tests the others.
     */
    @Test
    void randomPlansHaveEveryEffect() {
        List<Fault> faults = new Plans(new Random(42), MOST).faults(1_000);

        assertThat(faults)
                .extracting(fault -> fault.effect().kind())
                .containsAll(EnumSet.complementOf(EnumSet.of(Effect.Kind.CLOSE_WITHOUT_NOTIFY, Effect.Kind.PLAIN)));
        assertThat(faults)
                .extracting(fault -> (Object) fault.trigger().getClass())
                .contains(Arrays.stream(Trigger.class.getPermittedSubclasses())
                        .filter(type -> type != Trigger.AfterHandshake.class && Trigger.class.isAssignableFrom(type))
                        .toArray());
    }

    @Tag("random")
    @ParameterizedTest
    @MethodSource("seeds")
    void planAndItsTextSendSameBytes(long seed) {
        for (int i = 0; i < PLANS; i++) {
            long each = Seeds.mix(seed, i);
            Random random = new Random(each);
            FaultPlan plan = FaultPlan.of(
                    new Plans(random, MOST).faults(1 + random.nextInt(5)).toArray(new Fault[0]));
            String what = "plan " + i + " of seed " + seed + ": " + plan;
            FaultPlan read = FaultPlan.parse(plan.toString());
            assertThat(read).as(what).isEqualTo(plan);

            byte[] sent = new byte[random.nextInt(200)];
            random.nextBytes(sent);
            List<SimulatedConnection.Event> events = judged(what, plan, each, sent);

            assertThat(judged(what, read, each, sent)).as(what).isEqualTo(events);
            assertSound(what, plan.rules().get(0).faults(), sent, events);
        }
    }

    /**
     * The position in the stream alone decides what is sent and how it ends. Triggers of time are left
     * out, because their place in the stream depends on when bytes come.
     */
    @Tag("random")
    @ParameterizedTest
    @MethodSource("seeds")
    void cutsOfInputDoNotChangeOutput(long seed) {
        for (int i = 0; i < PLANS; i++) {
            long each = Seeds.mix(~seed, i);
            Random random = new Random(each);
            int length = random.nextInt(LONGEST + 1);
            List<Fault> faults = withoutTimes(new Plans(random, LONGEST), 1 + random.nextInt(5));
            byte[] sent = "abcdefghijklmnop".substring(0, length).getBytes(StandardCharsets.ISO_8859_1);
            String what = "plan " + i + " of seed " + seed + ": " + FaultPlan.of(faults.toArray(new Fault[0])) + ", "
                    + length + " bytes";

            String whole = output(what, at(faults, sent, length, 0));
            for (int cut = 0; cut < length; cut++) {
                SimulatedConnection inTwo = at(faults, sent, cut, 1 + random.nextInt(3));
                assertThat(output(what, inTwo)).as(what + " cut at " + cut).isEqualTo(whole);
            }
            SimulatedConnection shredded = SimulatedConnection.by(faults, 1)
                    .ring(LONGEST + random.nextInt(9))
                    .takes(1 + random.nextInt(4), random.nextInt(2) * SimulatedConnection.MILLI);
            long time = 0;
            for (byte one : sent) {
                shredded.sends(time, new byte[] {one});
                time += random.nextInt(3) * 4_100_000L;
            }
            assertThat(output(what, shredded.fin(time))).as(what + " shredded").isEqualTo(whole);
        }
    }

    private static List<Fault> withoutTimes(Plans plans, int count) {
        List<Fault> faults = new ArrayList<>();
        while (faults.size() < count) {
            Fault fault = plans.fault();
            if (!(fault.trigger() instanceof Trigger.AfterTime)) {
                faults.add(fault);
            }
        }
        return faults;
    }

    /** The bytes before the cut at once, the others and the FIN this much later. */
    private static SimulatedConnection at(List<Fault> faults, byte[] sent, int cut, long laterMillis) {
        SimulatedConnection judged = SimulatedConnection.by(faults, 1).ring(LONGEST);
        if (cut > 0) {
            judged.sends(0, Arrays.copyOf(sent, cut));
        }
        if (cut < sent.length) {
            judged.sends(laterMillis * SimulatedConnection.MILLI, Arrays.copyOfRange(sent, cut, sent.length));
        }
        return judged.fin(laterMillis * SimulatedConnection.MILLI);
    }

    private static String output(String what, SimulatedConnection judged) {
        try {
            return SimulatedConnection.output(judged.mostSteps(20_000).run());
        } catch (AssertionError | RuntimeException failed) {
            throw new AssertionError(what, failed);
        }
    }

    private static List<SimulatedConnection.Event> judged(String what, FaultPlan plan, long seed, byte[] sent) {
        Random random = new Random(seed);
        SimulatedConnection judged = SimulatedConnection.by(plan.rules().get(0).faults(), 1 + random.nextInt(9))
                .ring(MOST + random.nextInt(3) * 16)
                .mostSteps(20_000);
        if (random.nextBoolean()) {
            judged.takes(1 + random.nextInt(20), random.nextInt(3) * SimulatedConnection.MILLI);
        }
        long time = 0;
        for (int from = 0; from < sent.length; ) {
            int to = Math.min(sent.length, from + 1 + random.nextInt(60));
            judged.sends(time, Arrays.copyOfRange(sent, from, to));
            time += random.nextInt(4) * 7_300_000L;
            from = to;
        }
        try {
            return judged.fin(time).run();
        } catch (AssertionError | RuntimeException failed) {
            throw new AssertionError(what, failed);
        }
    }

    private static void assertSound(
            String what, List<Fault> faults, byte[] sent, List<SimulatedConnection.Event> events) {
        String last = events.get(events.size() - 1).what();
        assertThat(last).as(what).isIn(FIN, "closed", "close", "RST", "open");
        if (last.equals("open")) {
            assertThat(faults).as(what).anyMatch(fault -> fault.effect() instanceof Effect.Stall);
        }
        for (int i = 1; i < events.size(); i++) {
            assertThat(events.get(i).nanos())
                    .as(what)
                    .isGreaterThanOrEqualTo(events.get(i - 1).nanos());
        }
        if (faults.stream().allMatch(fault -> takesTimeOnly(fault.effect()))) {
            assertThat(SimulatedConnection.bytes(events))
                    .as(what)
                    .isEqualTo(new String(sent, StandardCharsets.ISO_8859_1));
            assertThat(last).as(what).isEqualTo(FIN);
        }
    }

    private static boolean takesTimeOnly(Effect effect) {
        return effect instanceof Effect.Delay
                || effect instanceof Effect.Throttle
                || effect instanceof Effect.Fragment
                || effect instanceof Effect.SlowClose;
    }
}
