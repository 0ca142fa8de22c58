package org.echoharness;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Flips bytes in the ring, each once, just before they are sent for the first time. */
final class CorruptGate extends Gate {

    private final long firstByte;
    private final long lastByte;
    private final double probability;
    private final @Nullable SplittableRandom random;
    private long start; // the position of the client's stream at which the gate opened
    private long altered; // the position up to which all is decided

    CorruptGate(Fault fault, long firstByte, long lastByte) {
        super(fault);
        this.firstByte = firstByte;
        this.lastByte = lastByte;
        probability = 1;
        random = null;
    }

    CorruptGate(Fault fault, Effect.CorruptAtRandom effect, long number) {
        super(fault);
        firstByte = 1;
        lastByte = Long.MAX_VALUE;
        probability = effect.percent() / 100;
        random = new SplittableRandom(Options.mix(effect.seed(), number));
    }

    @Override
    void opened(Flow flow) {
        start = flow.consumed();
        altered = start;
    }

    @Override
    void judge(Flow flow, Verdict verdict) {}

    @Override
    void alter(Ring ring, int bytes, Flow flow) {
        altered = Math.max(altered, flow.consumed());
        for (; altered < flow.consumed() + bytes; altered++) {
            long number = altered - start + 1;
            boolean drawn = random == null || random.nextDouble() < probability;
            if (drawn && number >= firstByte && number <= lastByte) {
                ring.flip((int) (altered - flow.consumed()));
            }
        }
    }
}
