package org.echoharness;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.echoharness.gates.CorruptGate;
import org.echoharness.gates.DelayGate;
import org.echoharness.gates.Gate;
import org.echoharness.gates.Seeds;
import org.echoharness.gates.SimpleGates;
import org.echoharness.gates.Verdict;
import org.echoharness.text.Tokens;

/**
 * All parts of one effect, in one place. The compiler rejects a kind of effect without a row, and a row that lacks a
 * part. A row is made only when it is used, so that a fault loads no classes of other faults.
 *
 * @param type the class of the effect
 * @param reader reads the effect from the text after its word
 * @param gates makes its gate
 * @param afterFin whether it may have the trigger {@code on fin}
 * @param isDrawn tests whether an effect has random values
 * @param leastBuffer gives the smallest bufferSize of a server that an effect needs
 * @param mayHappenAgain whether it may have the trigger {@code every Nth message}
 */
record EffectRow<E extends Effect>(
        Class<E> type,
        Reader reader,
        GateMaker<E> gates,
        AfterFin afterFin,
        Predicate<E> isDrawn,
        ToIntFunction<E> leastBuffer,
        boolean mayHappenAgain) {

    private static final Pattern ORDINAL = Pattern.compile("[0-9]+(st|nd|rd|th)");

    /** States whether an effect may have the trigger {@code on fin}. */
    enum AfterFin {
        NEVER,
        MAY,
        /** It has no other trigger. */
        ALWAYS
    }

    /** Reads the effect. */
    interface Reader {
        Effect read(Tokens tokens);
    }

    /** Makes a gate. */
    interface GateMaker<E> {
        /**
         * Makes the gate of the effect.
         *
         * @param connection the number of the connection, so that two connections with the same seed draw different
         *     values
         */
        Gate make(E effect, long connection);
    }

    private EffectRow(Class<E> type, Reader reader, GateMaker<E> gates, AfterFin afterFin) {
        this(type, reader, gates, afterFin, effect -> false, effect -> 0, false);
    }

    private EffectRow<E> drawnIf(Predicate<E> drawn) {
        return new EffectRow<>(type, reader, gates, afterFin, drawn, leastBuffer, mayHappenAgain);
    }

    private EffectRow<E> needingBuffer(ToIntFunction<E> least) {
        return new EffectRow<>(type, reader, gates, afterFin, isDrawn, least, mayHappenAgain);
    }

    private EffectRow<E> again() {
        return new EffectRow<>(type, reader, gates, afterFin, isDrawn, leastBuffer, true);
    }

    private static EffectRow<?> of(Effect.Kind kind) {
        return switch (kind) {
            case DELAY ->
                new EffectRow<>(Effect.Delay.class, EffectRow::delay, EffectRow::delayGate, AfterFin.NEVER)
                        .drawnIf(effect -> !effect.jitter().isZero())
                        .again();
            case THROTTLE ->
                new EffectRow<>(
                        Effect.Throttle.class,
                        tokens -> new Effect.Throttle(tokens.rate("throttle")),
                        (effect, connection) -> SimpleGates.throttle(effect.bytesPerSecond()),
                        AfterFin.NEVER);
            case FRAGMENT ->
                new EffectRow<>(
                        Effect.Fragment.class,
                        EffectRow::fragment,
                        (effect, connection) -> SimpleGates.fragment(
                                effect.bytes(), effect.every().toNanos()),
                        AfterFin.NEVER);
            case RESET ->
                new EffectRow<>(
                        Effect.Reset.class,
                        tokens -> new Effect.Reset(),
                        (effect, connection) -> SimpleGates.end(Verdict.Kind.RESET),
                        AfterFin.MAY);
            case CLOSE ->
                new EffectRow<>(
                        Effect.Close.class,
                        tokens -> new Effect.Close(),
                        (effect, connection) -> SimpleGates.end(Verdict.Kind.CLOSE),
                        AfterFin.NEVER);
            case HALF_CLOSE ->
                new EffectRow<>(
                        Effect.HalfClose.class,
                        tokens -> new Effect.HalfClose(),
                        (effect, connection) -> SimpleGates.end(Verdict.Kind.HALF_CLOSE),
                        AfterFin.NEVER);
            case DISCARD ->
                new EffectRow<>(
                                Effect.Discard.class,
                                tokens -> new Effect.Discard(),
                                (effect, connection) -> SimpleGates.discard(Long.MAX_VALUE),
                                AfterFin.NEVER)
                        .again();
            case STALL ->
                new EffectRow<>(
                        Effect.Stall.class,
                        tokens -> new Effect.Stall(),
                        (effect, connection) -> SimpleGates.stall(),
                        AfterFin.MAY);
            case CORRUPT ->
                new EffectRow<>(
                                Effect.Corrupt.class,
                                EffectRow::corrupt,
                                (effect, connection) -> new CorruptGate(effect.first(), effect.last(), 1, 0),
                                AfterFin.NEVER)
                        .again();
            case CORRUPT_AT_RANDOM ->
                new EffectRow<>(
                                Effect.CorruptAtRandom.class,
                                EffectRow::corrupt,
                                EffectRow::corruptAtRandomGate,
                                AfterFin.NEVER)
                        .drawnIf(effect -> true)
                        .again();
            case DUPLICATE ->
                new EffectRow<>(
                                Effect.Duplicate.class,
                                tokens -> new Effect.Duplicate(tokens.intSize("duplicate")),
                                (effect, connection) -> SimpleGates.duplicate(effect.bytes()),
                                AfterFin.NEVER)
                        .needingBuffer(Effect.Duplicate::bytes)
                        .again();
            case TRUNCATE ->
                new EffectRow<>(
                                Effect.Truncate.class,
                                tokens -> new Effect.Truncate(tokens.size("truncate")),
                                (effect, connection) -> SimpleGates.discard(effect.bytes()),
                                AfterFin.NEVER)
                        .again();
            case SLOW_CLOSE ->
                new EffectRow<>(
                        Effect.SlowClose.class,
                        tokens -> new Effect.SlowClose(tokens.duration("slow-close")),
                        (effect, connection) ->
                                SimpleGates.slowClose(effect.delay().toNanos()),
                        AfterFin.ALWAYS);
            case GREET ->
                new EffectRow<>(
                                Effect.Greet.class,
                                tokens -> new Effect.Greet(tokens.quoted()),
                                (effect, connection) -> SimpleGates.greet(effect.bytes()),
                                AfterFin.MAY)
                        .again();
        };
    }

    private static Effect delay(Tokens tokens) {
        Duration delay = tokens.duration("delay");
        Duration jitter = tokens.take("jitter") ? tokens.duration("jitter") : Duration.ZERO;
        return new Effect.Delay(delay, jitter, jitter.isZero() ? 0 : tokens.seed());
    }

    private static Gate delayGate(Effect.Delay effect, long connection) {
        return new DelayGate(effect.delay().toNanos(), effect.jitter().toNanos(), Seeds.mix(effect.seed(), connection));
    }

    private static Effect fragment(Tokens tokens) {
        int bytes = tokens.intSize("fragment");
        if (!tokens.take("every")) {
            return new Effect.Fragment(bytes, Duration.ZERO);
        }
        if (ORDINAL.matcher(tokens.next()).matches()) {
            throw happensOnce(
                    new Effect.Fragment(bytes, Duration.ZERO), new Trigger.EveryMessage(tokens.ordinal("every")));
        }
        return new Effect.Fragment(bytes, tokens.duration("every"));
    }

    private static Effect corrupt(Tokens tokens) {
        if (tokens.next().endsWith("%")) {
            double percent = tokens.percent("corrupt");
            return new Effect.CorruptAtRandom(percent, tokens.seed());
        }
        if (tokens.take("byte") || tokens.take("bytes")) {
            long[] range = tokens.range("corrupt bytes", "a position such as 5, or a range such as 5-9");
            return new Effect.Corrupt(range[0], range[1]);
        }
        return new Effect.Corrupt(1, Long.MAX_VALUE);
    }

    private static Gate corruptAtRandomGate(Effect.CorruptAtRandom effect, long connection) {
        return new CorruptGate(1, Long.MAX_VALUE, effect.percent() / 100, Seeds.mix(effect.seed(), connection));
    }

    /** Reads the effect of this word from the text after it. */
    static Effect read(String word, Tokens tokens) {
        for (Effect.Kind kind : Effect.Kind.values()) {
            if (kind.word.equals(word)) {
                return of(kind).reader().read(tokens);
            }
        }
        throw new AssertionError(word);
    }

    /**
     * @param connection the number of the connection, so that two connections with the same seed draw different values
     */
    static Gate gate(Effect effect, long connection) {
        return of(effect.kind()).gateOf(effect, connection);
    }

    private Gate gateOf(Effect effect, long connection) {
        return gates.make(type.cast(effect), connection);
    }

    /** Returns whether the effect can have no trigger other than {@code on fin}. */
    static boolean isAlwaysAfterFin(Effect effect) {
        return of(effect.kind()).afterFin() == AfterFin.ALWAYS;
    }

    static boolean mayFollowFin(Effect effect) {
        return of(effect.kind()).afterFin() != AfterFin.NEVER;
    }

    /** Returns the words of the effects that may have the trigger {@code on fin}, for an error. */
    static List<String> wordsThatMayFollowFin() {
        return Arrays.stream(Effect.Kind.values())
                .filter(kind -> of(kind).afterFin() == AfterFin.MAY)
                .map(kind -> kind.word)
                .toList();
    }

    /** Returns whether the effect may have the trigger {@code every Nth message}. */
    static boolean mayHappenAgain(Effect effect) {
        return of(effect.kind()).mayHappenAgain();
    }

    /** Returns the error that an effect cannot have this trigger. */
    static IllegalArgumentException happensOnce(Effect effect, Trigger.EveryMessage every) {
        String words = Arrays.stream(Effect.Kind.values())
                .filter(kind -> of(kind).mayHappenAgain())
                .map(kind -> kind.word)
                .distinct()
                .collect(Collectors.joining(", "));
        return new IllegalArgumentException(effect + " " + every
                + ": it cannot happen again on a connection; every Nth message is only for " + words + "; write "
                + new Trigger.AfterMessages(every.messages()));
    }

    /** Returns whether the effect has random values. */
    static boolean isDrawn(Effect effect) {
        return of(effect.kind()).isDrawnIn(effect);
    }

    private boolean isDrawnIn(Effect effect) {
        return isDrawn.test(type.cast(effect));
    }

    /** Returns the smallest bufferSize of a server that the effect needs. */
    static int leastBuffer(Effect effect) {
        return of(effect.kind()).leastBufferOf(effect);
    }

    private int leastBufferOf(Effect effect) {
        return leastBuffer.applyAsInt(type.cast(effect));
    }
}
