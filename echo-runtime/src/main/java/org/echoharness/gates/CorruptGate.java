package org.echoharness.gates;

import org.echoharness.memory.RingBuffer;

/**
 * Flips bytes just before they are sent. Whether it flips a byte depends only on the seed and on the position of the
 * byte in the output, so that it can flip back what the socket did not take.
 */
public final class CorruptGate extends Gate {

    private final long firstByte;
    private final long lastByte;
    private final double probability;
    private final long seed;
    private long start; // the position in the output at which the gate opened

    /**
     * Flips the bytes of this range, counted from 1, each with this probability.
     *
     * @param seed ignored if the probability is 1
     */
    public CorruptGate(long firstByte, long lastByte, double probability, long seed) {
        this.firstByte = firstByte;
        this.lastByte = lastByte;
        this.probability = probability;
        this.seed = seed;
    }

    @Override
    public void opened(GateProgress progress) {
        start = progress.moved();
    }

    @Override
    public void judge(GateProgress progress, Verdict verdict) {}

    @Override
    public void alter(RingBuffer ring, int index, int bytes, long position) {
        for (int i = 0; i < bytes; i++) {
            long number = position + i - start + 1;
            if (number >= firstByte && number <= lastByte && isDrawn(position + i + 1)) {
                ring.flip(index + i);
            }
        }
    }

    private boolean isDrawn(long place) {
        return probability == 1 || (Seeds.mix(seed, place) >>> 11) * 0x1.0p-53 < probability;
    }
}
