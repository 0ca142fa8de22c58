package org.echoharness.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.echoharness.Effect;
import org.echoharness.Fault;
import org.echoharness.Trigger;

/** Random faults that {@link ModelledDirection} knows. */
public final class ModelledFaults {

    private ModelledFaults() {}

    /** Up to four faults in each direction of a relay. */
    public static List<Fault> ofRelay(Random random, int most) {
        List<Fault> faults = new ArrayList<>();
        ofDirection(random, most).forEach(fault -> faults.add(fault.toServer()));
        faults.addAll(ofDirection(random, most));
        return faults;
    }

    /** Up to four faults, of which at most one moves bytes by itself. Sizes are at most this many bytes. */
    static List<Fault> ofDirection(Random random, int most) {
        List<Fault> drawn = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            drawn.add(fault(random, most));
        }
        boolean copies = drawn.stream().anyMatch(fault -> fault.effect() instanceof Effect.Duplicate);
        List<Fault> faults = new ArrayList<>();
        int moving = 0;
        for (Fault fault : drawn) {
            boolean moves = isMover(fault.effect());
            moving += moves ? 1 : 0;
            boolean pauses = copies
                    && !(fault.effect() instanceof Effect.Duplicate)
                    && fault.trigger() instanceof Trigger.AfterReceived;
            if (!(moves && moving > 1) && !pauses) {
                faults.add(fault);
            }
        }
        return faults;
    }

    private static boolean isMover(Effect effect) {
        return effect instanceof Effect.Duplicate
                || effect instanceof Effect.Truncate
                || effect instanceof Effect.Discard;
    }

    /** Whether the receiver gets the same bytes and the same end as without the fault. */
    static boolean takesTimeOnly(Fault fault) {
        return fault.effect() instanceof Effect.Delay
                || fault.effect() instanceof Effect.Throttle
                || fault.effect() instanceof Effect.Fragment
                || fault.effect() instanceof Effect.SlowClose;
    }

    /**
     * Whether these faults may drop bytes, or act on the FIN, at a time that no client sees: if others hold bytes up, or a
     * handshake does.
     */
    static boolean mayActLater(List<Fault> faults, boolean hasTls) {
        boolean isHidden = faults.stream()
                .anyMatch(fault -> fault.effect() instanceof Effect.Discard
                        || fault.effect() instanceof Effect.Truncate
                        || fault.effect() instanceof Effect.HalfClose
                        || fault.trigger() instanceof Trigger.OnFin);
        return isHidden && (hasTls || faults.stream().anyMatch(ModelledFaults::takesTimeOnly));
    }

    /** A fault that takes time only. */
    static Fault timeOnly(Random random, int most) {
        return switch (random.nextInt(4)) {
            case 0 -> Fault.fragment(1 + random.nextInt(most));
            case 1 -> Fault.delay(Duration.ofMillis(1 + random.nextInt(3)));
            case 2 -> Fault.throttle(20_000 + random.nextInt(most));
            default -> Fault.slowClose(Duration.ofMillis(1));
        };
    }

    private static Fault fault(Random random, int most) {
        int bytes = 1 + random.nextInt(most);
        Fault fault = switch (random.nextInt(15)) {
            case 0 -> Fault.reset();
            case 1 -> Fault.close();
            case 2 -> Fault.halfClose();
            case 3 -> Fault.stall();
            case 4 -> Fault.discard();
            case 5 -> Fault.truncate(bytes);
            case 6 -> Fault.duplicate(bytes);
            case 7, 8 -> Fault.greet("<greeting>".substring(0, 1 + random.nextInt(10)));
            case 9 -> Fault.corrupt();
            case 10 -> Fault.corrupt(bytes, bytes + random.nextInt(5));
            default -> timeOnly(random, most);
        };
        if (fault.effect() instanceof Effect.SlowClose) {
            return fault;
        }
        boolean mayFollowFin = fault.effect() instanceof Effect.Reset
                || fault.effect() instanceof Effect.Stall
                || fault.effect() instanceof Effect.Greet;
        return switch (random.nextInt(mayFollowFin ? 7 : 6)) {
            case 0 -> fault;
            case 1, 2, 3 -> fault.after(1 + random.nextInt(most));
            case 4, 5 -> fault.afterSent(1 + random.nextInt(most));
            default -> fault.onFin();
        };
    }
}
