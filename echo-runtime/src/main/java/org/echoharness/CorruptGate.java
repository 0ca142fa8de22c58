package org.echoharness;

import org.echoharness.memory.RingBuffer;

/**
 * Flips bytes just before they are sent. Which ones depends on the seed, the connection and their position in the client's
 * stream alone, so that what the socket does not take can be flipped back.
 */
final class CorruptGate extends Gate {

    private final long firstByte;
    private final long lastByte;
    private final double probability;
    private final long seed;
    private long start; // the position of the client's stream at which the gate opened

    CorruptGate(Fault fault, long firstByte, long lastByte) {
        super(fault);
        this.firstByte = firstByte;
        this.lastByte = lastByte;
        probability = 1;
        seed = 0;
    }

    CorruptGate(Fault fault, Effect.CorruptAtRandom effect, long connection) {
        super(fault);
        firstByte = 1;
        lastByte = Long.MAX_VALUE;
        probability = effect.percent() / 100;
        seed = OptionText.mix(effect.seed(), connection);
    }

    @Override
    void opened(GateProgress flow) {
        start = flow.consumed();
    }

    @Override
    void judge(GateProgress flow, Verdict verdict) {}

    @Override
    void alter(RingBuffer ring, int index, int bytes, long position) {
        for (int i = 0; i < bytes; i++) {
            long number = position + i - start + 1;
            if (number >= firstByte && number <= lastByte && isDrawn(position + i + 1)) {
                ring.flip(index + i);
            }
        }
    }

    private boolean isDrawn(long place) {
        return probability == 1 || (OptionText.mix(seed, place) >>> 11) * 0x1.0p-53 < probability;
    }
}
