package org.echoharness;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random faults and plans: everything legal, up to the limit {@code most}. */
final class Plans {

    private static final long YEAR = Duration.ofDays(365).toMillis();

    private final Random random;
    private final long most;
    private final boolean hasTls;

    Plans(Random random, long most) {
        this(random, most, false);
    }

    private Plans(Random random, long most, boolean hasTls) {
        this.random = random;
        this.most = most;
        this.hasTls = hasTls;
    }

    /** Also faults that only a server with TLS takes. */
    static Plans withTls(Random random, long most) {
        return new Plans(random, most, true);
    }

    FaultPlan plan() {
        List<FaultPlan.Rule> rules = new ArrayList<>();
        FaultPlan.TakenConnections taken = new FaultPlan.TakenConnections();
        for (int i = random.nextInt(4); i >= 0; i--) {
            FaultPlan.Rule rule = new FaultPlan.Rule(connections(), faults(random.nextInt(4)));
            if (taken.add(rule.connections(), rule).isEmpty()) {
                rules.add(rule); // others would never apply
            }
        }
        return new FaultPlan(rules);
    }

    List<Fault> faults(int count) {
        List<Fault> faults = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            faults.add(fault());
        }
        return faults;
    }

    Connections connections() {
        return switch (random.nextInt(6)) {
            case 0 -> Connections.others();
            case 1 -> Connections.number(number());
            case 2 -> range();
            case 3 -> Connections.first(number());
            case 4 -> Connections.every(number());
            default -> Connections.random(percent(), random.nextLong());
        };
    }

    Fault fault() {
        return hasTls && random.nextInt(3) == 0 ? tlsFault() : textFault();
    }

    private Fault tlsFault() {
        return switch (random.nextInt(4)) {
            case 0 -> Fault.plain(bytes().getBytes(StandardCharsets.ISO_8859_1));
            case 1 -> Fault.closeWithoutNotify().after(number());
            case 2 -> stageFault();
            default -> wireFault();
        };
    }

    private Fault stageFault() {
        Fault fault = switch (random.nextInt(6)) {
            case 0 -> Fault.reset();
            case 1 -> Fault.close();
            case 2 -> Fault.closeWithoutNotify();
            case 3 -> Fault.stall();
            case 4 -> Fault.delay(duration());
            default -> new Fault(jitter(), new Trigger.AtAccept());
        };
        Trigger.HandshakeStage[] stages = Trigger.HandshakeStage.values();
        return fault.after(stages[random.nextInt(stages.length)]);
    }

    private Fault wireFault() {
        while (true) {
            Fault fault = textFault();
            boolean isOfText = fault.countsMessages() || fault.trigger() instanceof Trigger.OnFin;
            if (!isOfText) {
                return fault.onTheWire();
            }
        }
    }

    private Fault textFault() {
        Effect effect = effect();
        boolean canFollowFin =
                effect instanceof Effect.Reset || effect instanceof Effect.Stall || effect instanceof Effect.Greet;
        return new Fault(
                effect, effect instanceof Effect.SlowClose ? new Trigger.OnFin() : trigger(effect, canFollowFin));
    }

    private Trigger trigger(Effect effect, boolean canFollowFin) {
        return switch (random.nextInt(canFollowFin ? 7 : 6)) {
            case 0 -> new Trigger.AtAccept();
            case 1 -> new Trigger.AfterReceived(number());
            case 2 -> new Trigger.AfterSent(number());
            case 3 -> new Trigger.AfterTime(duration());
            case 4 -> new Trigger.AfterMessages(number());
            case 5 ->
                EffectRow.mayHappenAgain(effect)
                        ? new Trigger.EveryMessage(number())
                        : new Trigger.AfterMessages(number());
            default -> new Trigger.OnFin();
        };
    }

    private Effect effect() {
        return switch (random.nextInt(17)) {
            case 0 -> new Effect.Delay(duration(), Duration.ZERO, 0);
            case 1 -> jitter();
            case 2 -> new Effect.Throttle(Math.min(number(), 1L << 40));
            case 3 -> new Effect.Fragment(size(), Duration.ZERO);
            case 4 -> new Effect.Fragment(size(), duration());
            case 5 -> new Effect.Reset();
            case 6 -> new Effect.Close();
            case 7 -> new Effect.HalfClose();
            case 8 -> new Effect.Discard();
            case 9 -> new Effect.Stall();
            case 10 -> new Effect.Corrupt(1, Long.MAX_VALUE);
            case 11 -> corruptRange();
            case 12 -> new Effect.CorruptAtRandom(percent(), random.nextLong());
            case 13 -> new Effect.Duplicate((int) Math.min(size(), most));
            case 14 -> new Effect.Truncate(number());
            case 15 -> new Effect.SlowClose(duration());
            default -> new Effect.Greet(bytes());
        };
    }

    private Effect jitter() {
        Duration delay = duration();
        long jitter = 1 + (long) (random.nextDouble() * (delay.toMillis() - 1));
        return new Effect.Delay(delay, Duration.ofMillis(jitter), random.nextLong());
    }

    private Connections range() {
        long first = number();
        return Connections.range(first, random.nextInt(5) == 0 ? Long.MAX_VALUE : Math.max(first, number()));
    }

    private Effect corruptRange() {
        long first = number();
        return new Effect.Corrupt(first, random.nextInt(5) == 0 ? Long.MAX_VALUE : Math.max(first, number()));
    }

    private Duration duration() {
        return Duration.ofMillis(Math.min(number(), YEAR));
    }

    private int size() {
        return (int) Math.min(number(), Integer.MAX_VALUE);
    }

    /** From 1 to the most; small ones are as likely as large ones, and round ones are among them. */
    private long number() {
        long all = random.nextLong() >>> (1 + random.nextInt(63));
        long number = Math.min(all / 10, most - 1) + 1;
        return random.nextInt(4) == 0 && number * 1024L / 1024L == number ? Math.min(number * 1024, most) : number;
    }

    private double percent() {
        return switch (random.nextInt(3)) {
            case 0 -> 1 + random.nextInt(100);
            case 1 -> (1 - random.nextDouble()) * 100;
            default -> Math.max(Double.MIN_VALUE, random.nextDouble() * Math.pow(10, -random.nextInt(300)));
        };
    }

    private String bytes() {
        StringBuilder bytes = new StringBuilder();
        for (int i = random.nextInt(8); i >= 0; i--) {
            bytes.append((char) random.nextInt(256));
        }
        return bytes.toString();
    }
}
