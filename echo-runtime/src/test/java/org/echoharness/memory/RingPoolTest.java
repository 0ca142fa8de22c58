package org.echoharness.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RingPoolTest {

    /** As in a relay whose two ends both do not read. */
    @Test
    void lendsNoMoreRingsIfTurnsUseTwo() {
        RingPool pool = new RingPool(64 << 10);
        List<RingBuffer> held = new ArrayList<>();
        long before = HeldMemory.used();
        for (int i = 0; i < 100; i++) {
            RingBuffer first = pool.borrow();
            RingBuffer second = pool.borrow();
            first.put(new byte[1], 0, 1);
            second.put(new byte[1], 0, 1);
            held.add(pool.held(first));
            held.add(pool.held(second));
        }
        assertThat(held).filteredOn(ring -> !ring.isOwn()).hasSizeLessThan(32);
        held.forEach(pool::giveBack);
        assertThat(HeldMemory.used()).isEqualTo(before);
    }
}
