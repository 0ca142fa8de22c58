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
 * @param inHandshake whether it may have the trigger of a stage of the TLS handshake
 * @param isDrawn tests whether an effect has random values
 * @param leastBuffer gives the smallest bufferSize of a server that an effect needs
 * @param mayHappenAgain whether it may have the trigger {@code every Nth message}
 */
record EffectRow<E extends Effect>(
        Class<E> type,
        Reader reader,
        GateMaker<E> gates,
        Allowed afterFin,
        Allowed inHandshake,
        Predicate<E> isDrawn,
        ToIntFunction<E> leastBuffer,
        boolean mayHappenAgain) {

    private static final Pattern ORDINAL = Pattern.compile("[0-9]+(st|nd|rd|th)");

    /** States whether an effect may have a kind of trigger. */
    enum Allowed {
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

    private EffectRow(Class<E> type, Reader reader, GateMaker<E> gates, Allowed afterFin) {
        this(type, reader, gates, afterFin, Allowed.NEVER, effect -> false, effect -> 0, false);
    }

    private EffectRow<E> drawnIf(Predicate<E> drawn) {
        return new EffectRow<>(type, reader, gates, afterFin, inHandshake, drawn, leastBuffer, mayHappenAgain);
    }

    private EffectRow<E> needingBuffer(ToIntFunction<E> least) {
        return new EffectRow<>(type, reader, gates, afterFin, inHandshake, isDrawn, least, mayHappenAgain);
    }

    private EffectRow<E> again() {
        return new EffectRow<>(type, reader, gates, afterFin, inHandshake, isDrawn, leastBuffer, true);
    }

    private EffectRow<E> inHandshake(Allowed allowed) {
        return new EffectRow<>(type, reader, gates, afterFin, allowed, isDrawn, leastBuffer, mayHappenAgain);
    }

    private static EffectRow<?> of(Effect.Kind kind) {
        return switch (kind) {
            case DELAY ->
                new EffectRow<>(Effect.Delay.class, EffectRow::delay, EffectRow::delayGate, Allowed.NEVER)
                        .drawnIf(effect -> !effect.jitter().isZero())
                        .inHandshake(Allowed.MAY)
                        .again();
            case THROTTLE ->
                new EffectRow<>(
                        Effect.Throttle.class,
                        tokens -> new Effect.Throttle(tokens.rate("throttle")),
                        (effect, connection) -> SimpleGates.throttle(effect.bytesPerSecond()),
                        Allowed.NEVER);
            case FRAGMENT ->
                new EffectRow<>(
                        Effect.Fragment.class,
                        EffectRow::fragment,
                        (effect, connection) -> SimpleGates.fragment(
                                effect.bytes(), effect.every().toNanos()),
                        Allowed.NEVER);
            case RESET ->
                new EffectRow<>(
                                Effect.Reset.class,
                                tokens -> new Effect.Reset(),
                                (effect, connection) -> SimpleGates.end(Verdict.Kind.RESET),
                                Allowed.MAY)
                        .inHandshake(Allowed.MAY);
            case CLOSE ->
                new EffectRow<>(
                                Effect.Close.class,
                                EffectRow::close,
                                (effect, connection) -> SimpleGates.end(Verdict.Kind.CLOSE),
                                Allowed.NEVER)
                        .inHandshake(Allowed.MAY);
            case CLOSE_WITHOUT_NOTIFY ->
                new EffectRow<>(
                                Effect.CloseWithoutNotify.class,
                                EffectRow::close,
                                (effect, connection) -> SimpleGates.end(Verdict.Kind.CUT),
                                Allowed.NEVER)
                        .inHandshake(Allowed.MAY);
            case HALF_CLOSE ->
                new EffectRow<>(
                        Effect.HalfClose.class,
                        tokens -> new Effect.HalfClose(),
                        (effect, connection) -> SimpleGates.end(Verdict.Kind.HALF_CLOSE),
                        Allowed.NEVER);
            case DISCARD ->
                new EffectRow<>(
                                Effect.Discard.class,
                                tokens -> new Effect.Discard(),
                                (effect, connection) -> SimpleGates.discard(Long.MAX_VALUE),
                                Allowed.NEVER)
                        .again();
            case STALL ->
                new EffectRow<>(
                                Effect.Stall.class,
                                tokens -> new Effect.Stall(),
                                (effect, connection) -> SimpleGates.stall(),
                                Allowed.MAY)
                        .inHandshake(Allowed.MAY);
            case CORRUPT ->
                new EffectRow<>(
                                Effect.Corrupt.class,
                                EffectRow::corrupt,
                                (effect, connection) -> new CorruptGate(effect.first(), effect.last(), 1, 0),
                                Allowed.NEVER)
                        .again();
            case CORRUPT_AT_RANDOM ->
                new EffectRow<>(
                                Effect.CorruptAtRandom.class,
                                EffectRow::corrupt,
                                EffectRow::corruptAtRandomGate,
                                Allowed.NEVER)
                        .drawnIf(effect -> true)
                        .again();
            case DUPLICATE ->
                new EffectRow<>(
                                Effect.Duplicate.class,
                                tokens -> new Effect.Duplicate(tokens.intSize("duplicate")),
                                (effect, connection) -> SimpleGates.duplicate(effect.bytes()),
                                Allowed.NEVER)
                        .needingBuffer(Effect.Duplicate::bytes)
                        .again();
            case TRUNCATE ->
                new EffectRow<>(
                                Effect.Truncate.class,
                                tokens -> new Effect.Truncate(tokens.size("truncate")),
                                (effect, connection) -> SimpleGates.discard(effect.bytes()),
                                Allowed.NEVER)
                        .again();
            case SLOW_CLOSE ->
                new EffectRow<>(
                        Effect.SlowClose.class,
                        tokens -> new Effect.SlowClose(tokens.duration("slow-close")),
                        (effect, connection) ->
                                SimpleGates.slowClose(effect.delay().toNanos()),
                        Allowed.ALWAYS);
            case GREET ->
                new EffectRow<>(
                                Effect.Greet.class,
                                tokens -> new Effect.Greet(tokens.quoted()),
                                (effect, connection) -> SimpleGates.greet(effect.bytes()),
                                Allowed.MAY)
                        .again();
            case PLAIN ->
                new EffectRow<>(
                                Effect.Plain.class,
                                tokens -> new Effect.Plain(
                                        tokens.tryQuoted("a text in quotes") ? tokens.quoted() : Effect.Plain.DEFAULT),
                                (effect, connection) -> SimpleGates.plain(effect.bytes()),
                                Allowed.NEVER)
                        .inHandshake(Allowed.ALWAYS);
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

    private static Effect close(Tokens tokens) {
        if (!tokens.take("without")) {
            return new Effect.Close();
        }
        if (!tokens.take("close_notify")) {
            throw tokens.expected("close_notify", tokens.tried());
        }
        return new Effect.CloseWithoutNotify();
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
        return of(effect.kind()).afterFin() == Allowed.ALWAYS;
    }

    static boolean mayFollowFin(Effect effect) {
        return of(effect.kind()).afterFin() != Allowed.NEVER;
    }

    /** Returns the words of the effects that may have the trigger {@code on fin}, for an error. */
    static List<String> wordsThatMayFollowFin() {
        return Arrays.stream(Effect.Kind.values())
                .filter(kind -> of(kind).afterFin() == Allowed.MAY)
                .map(kind -> kind.word)
                .toList();
    }

    /** Returns whether the effect can have no trigger other than the ClientHello. */
    static boolean isAnswerToHello(Effect effect) {
        return of(effect.kind()).inHandshake() == Allowed.ALWAYS;
    }

    static boolean mayFollowStage(Effect effect) {
        return of(effect.kind()).inHandshake() != Allowed.NEVER;
    }

    /** Returns the words of the effects that may have the trigger of a stage of the handshake, for an error. */
    static List<String> wordsThatMayFollowStage() {
        return Arrays.stream(Effect.Kind.values())
                .filter(kind -> of(kind).inHandshake() == Allowed.MAY)
                .map(kind -> kind.word)
                .distinct()
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
