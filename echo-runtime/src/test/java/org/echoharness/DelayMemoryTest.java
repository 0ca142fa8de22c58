package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.echoharness.gates.Verdict;
import org.echoharness.memory.HeldMemory;
import org.junit.jupiter.api.Test;

/** The memory for the times at which delayed bytes may leave. A time takes 16 bytes, and each connection has 8 of its own. */
class DelayMemoryTest {

    private static GateChain delaying(int reads) {
        GateChain gates = new GateChain(List.of(Fault.delay(Duration.ofHours(1))), 1, 0, false, fault -> {});
        for (int i = 1; i <= reads; i++) {
            gates.received(i, i);
        }
        return gates;
    }

    @Test
    void countsMemoryOfDelayTimes() {
        long before = HeldMemory.used();
        GateChain gates = delaying(1_000);
        assertThat(HeldMemory.used() - before).isEqualTo((512 - 8) * 16);
        gates.release();
        assertThat(HeldMemory.used()).isEqualTo(before);
    }

    @Test
    void delayThatClosesReleasesMemory() {
        long before = HeldMemory.used();
        GateChain gates = new GateChain(
                FaultPlan.parse("delay 1ms every 1st message").rules().get(0).faults(), 1, 0, true, fault -> {});
        gates.message(0);
        gates.judge(0, 0);
        for (int i = 1; i <= 100; i++) {
            gates.received(i, i);
        }
        assertThat(HeldMemory.used() - before).isEqualTo((128 - 8) * 16);
        gates.judge(100, 2_000_000);
        gates.done(100, 2_000_000);
        gates.message(0);
        gates.judge(0, 2_000_000);
        assertThat(HeldMemory.used()).isEqualTo(before);
        gates.release();
    }

    @Test
    void limitsMemoryOfDelayTimes() {
        int all = (int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory());
        HeldMemory.take(all);
        try {
            long before = HeldMemory.used();
            GateChain gates = delaying(1_000);
            assertThat(HeldMemory.used()).isEqualTo(before);
            Verdict verdict = gates.judge(1_000, Duration.ofHours(2).toNanos());
            assertThat(verdict.count()).isEqualTo(1_000);
        } finally {
            HeldMemory.release(all);
        }
    }
}
