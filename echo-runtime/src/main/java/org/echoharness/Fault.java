package org.echoharness;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * One thing that goes wrong on a connection of an {@link EchoServer}, and when. Immutable; text and Java mirror each
 * other: {@code Fault.parse("reset after 300")} equals {@code Fault.reset().after(300)}, and {@link #toString} gives the
 * text back.
 *
 * <p>A fault holds from the accept on, unless it says otherwise: {@code after 300} (bytes), {@code after 300 sent},
 * {@code after 2s}, {@code on fin}. Random values come from a seed. If none is given, one is drawn and becomes part of
 * the fault, so that its text repeats the same values.
 *
 * @param effect what happens
 * @param trigger when
 * @see FaultPlan
 */
public record Fault(Effect effect, Trigger trigger) {

    private static final Trigger AT_ACCEPT = new Trigger.AtAccept();
    private static final Trigger ON_FIN = new Trigger.OnFin();

    /**
     * Checks that the two go together.
     *
     * @param effect as above
     * @param trigger as above
     * @throws IllegalArgumentException if they do not: after the client's FIN there are no bytes to be corrupted, say
     */
    public Fault {
        boolean onFin = trigger instanceof Trigger.OnFin;
        if (!onFin && EffectRow.isAlwaysAfterFin(effect)) {
            throw new IllegalArgumentException(effect + " " + trigger + ": " + effect.kind().word
                    + " is about the client's FIN; leave its trigger out, or use stall or delay");
        }
        if (onFin && !EffectRow.mayFollowFin(effect)) {
            throw new IllegalArgumentException(effect + " " + trigger
                    + ": no byte comes after the client's FIN; on fin is only for "
                    + String.join(", ", EffectRow.wordsThatMayFollowFin()));
        }
    }

    private static Fault of(Effect effect) {
        return new Fault(effect, AT_ACCEPT);
    }

    /**
     * Reads a fault from its text.
     *
     * @param text such as {@code delay 50ms} or {@code reset after 300}
     * @return the fault
     * @throws IllegalArgumentException if it is none; the message names the position, the word and what was expected
     */
    public static Fault parse(String text) {
        return new FaultParser("fault", text).fault();
    }

    /**
     * {@code delay 50ms}: every byte, and the answer to the client's FIN, leaves this much later than it came.
     *
     * @param delay whole milliseconds, 1 ms to 365 days
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault delay(Duration delay) {
        return of(new Effect.Delay(delay, Duration.ZERO, 0));
    }

    /**
     * {@code delay 50ms jitter 10ms}: as {@link #delay(Duration)}, shorter or longer by up to the jitter, from a seed
     * drawn now.
     *
     * @param delay whole milliseconds, 1 ms to 365 days
     * @param jitter whole milliseconds, at most the delay
     * @return the fault
     * @throws IllegalArgumentException if a value is out of range
     */
    public static Fault delay(Duration delay, Duration jitter) {
        return delay(delay, jitter, OptionText.drawnSeed());
    }

    /**
     * {@code delay 50ms jitter 10ms seed 42}.
     *
     * @param delay whole milliseconds, 1 ms to 365 days
     * @param jitter whole milliseconds, at most the delay
     * @param seed of what is drawn
     * @return the fault
     * @throws IllegalArgumentException if a value is out of range
     */
    public static Fault delay(Duration delay, Duration jitter, long seed) {
        return of(new Effect.Delay(delay, jitter, seed));
    }

    /**
     * {@code throttle 64KiB/s}: sends no more than this on average.
     *
     * @param bytesPerSecond 1 to 1,099,511,627,776
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault throttle(long bytesPerSecond) {
        return of(new Effect.Throttle(bytesPerSecond));
    }

    /**
     * {@code fragment 16}: sends at most this many bytes with one write. TCP is free to deliver several of them at once.
     *
     * @param bytes at least 1
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault fragment(int bytes) {
        return of(new Effect.Fragment(bytes, Duration.ZERO));
    }

    /**
     * {@code fragment 16 every 5ms}: sends at most this many bytes with one write, and waits at least 5 ms between two.
     *
     * @param bytes at least 1
     * @param every whole milliseconds, 1 ms to 365 days
     * @return the fault
     * @throws IllegalArgumentException if a value is out of range
     */
    public static Fault fragment(int bytes, Duration every) {
        return of(new Effect.Fragment(bytes, every));
    }

    /**
     * {@code reset}: ends the connection with an RST (RFC 9293, section 3.10.7).
     *
     * @return the fault
     */
    public static Fault reset() {
        return of(new Effect.Reset());
    }

    /**
     * {@code close}: sends a FIN though not all is echoed, and closes the socket. A client that goes on sending much may
     * see an RST instead, as with any peer that closes; {@link #halfClose} reads on.
     *
     * @return the fault
     */
    public static Fault close() {
        return of(new Effect.Close());
    }

    /**
     * {@code half-close}: sends a FIN and goes on reading, without an answer (RFC 9293, section 3.6).
     *
     * @return the fault
     */
    public static Fault halfClose() {
        return of(new Effect.HalfClose());
    }

    /**
     * {@code discard}: goes on reading and answers nothing but the client's FIN (the service of RFC 863).
     *
     * @return the fault
     */
    public static Fault discard() {
        return of(new Effect.Discard());
    }

    /**
     * {@code stall}: stops reading and sending; the connection stays open.
     *
     * @return the fault
     */
    public static Fault stall() {
        return of(new Effect.Stall());
    }

    /**
     * {@code corrupt}: flips every bit of every byte.
     *
     * @return the fault
     */
    public static Fault corrupt() {
        return of(new Effect.Corrupt(1, Long.MAX_VALUE));
    }

    /**
     * {@code corrupt bytes 5-9}: flips every bit of these bytes.
     *
     * @param first of them, counted from 1 where the fault takes effect
     * @param last of them
     * @return the fault
     * @throws IllegalArgumentException if a value is out of range
     */
    public static Fault corrupt(long first, long last) {
        return of(new Effect.Corrupt(first, last));
    }

    /**
     * {@code corrupt 1%}: flips every bit of each byte with this probability, from a seed drawn now.
     *
     * @param percent over 0, at most 100
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault corruptAtRandom(double percent) {
        return corruptAtRandom(percent, OptionText.drawnSeed());
    }

    /**
     * {@code corrupt 1% seed 42}.
     *
     * @param percent over 0, at most 100
     * @param seed of what is drawn
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault corruptAtRandom(double percent, long seed) {
        return of(new Effect.CorruptAtRandom(percent, seed));
    }

    /**
     * {@code duplicate 42}: sends this many bytes, and then the same once more.
     *
     * @param bytes at least 1, and no more than the server's bufferSize
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault duplicate(int bytes) {
        return of(new Effect.Duplicate(bytes));
    }

    /**
     * {@code truncate 10}: drops this many bytes and goes on with those after them.
     *
     * @param bytes at least 1
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault truncate(long bytes) {
        return of(new Effect.Truncate(bytes));
    }

    /**
     * {@code slow-close 2s}: answers the client's FIN this much later.
     *
     * @param delay whole milliseconds, 1 ms to 365 days
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault slowClose(Duration delay) {
        return new Fault(new Effect.SlowClose(delay), ON_FIN);
    }

    /**
     * {@code greet "220 ready\r\n"}: sends bytes of its own, before the client speaks unless a trigger says otherwise.
     *
     * @param text what to send, in UTF-8
     * @return the fault
     * @throws IllegalArgumentException if it is empty
     */
    public static Fault greet(String text) {
        return greet(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * As {@link #greet(String)}, for bytes.
     *
     * @param bytes what to send
     * @return the fault
     * @throws IllegalArgumentException if there is none
     */
    public static Fault greet(byte[] bytes) {
        return of(new Effect.Greet(new String(bytes, StandardCharsets.ISO_8859_1)));
    }

    /**
     * This fault, once this many bytes of the client have been sent back or dropped: {@code after 300}.
     *
     * @param bytes at least 1
     * @return another fault
     * @throws IllegalArgumentException if the value is out of range, or for a slow-close
     */
    public Fault after(long bytes) {
        return new Fault(effect, new Trigger.AfterReceived(bytes));
    }

    /**
     * This fault, once this many bytes have been sent: {@code after 300 sent}. It differs from
     * {@link #after(long)} where other faults add bytes or take them away.
     *
     * @param bytes at least 1
     * @return another fault
     * @throws IllegalArgumentException if the value is out of range, or for a slow-close
     */
    public Fault afterSent(long bytes) {
        return new Fault(effect, new Trigger.AfterSent(bytes));
    }

    /**
     * This fault, from this age of the connection on: {@code after 2s}.
     *
     * @param age whole milliseconds, 1 ms to 365 days
     * @return another fault
     * @throws IllegalArgumentException if the value is out of range, or for a slow-close
     */
    public Fault after(Duration age) {
        return new Fault(effect, new Trigger.AfterTime(age));
    }

    /**
     * This fault, when the client's FIN has come and every byte before it was sent back or dropped: {@code on fin}.
     *
     * @return another fault
     * @throws IllegalArgumentException for an effect on bytes: none comes any more
     */
    public Fault onFin() {
        return new Fault(effect, ON_FIN);
    }

    /** The text that {@link #parse} reads. */
    @Override
    public String toString() {
        boolean usual = trigger instanceof Trigger.AtAccept || EffectRow.isAlwaysAfterFin(effect);
        return usual ? effect.toString() : effect + " " + trigger;
    }

    /** Whether a seed is part of it. */
    boolean isRandom() {
        return EffectRow.isDrawn(effect);
    }
}
