package org.echoharness;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.text.Quantities;

/**
 * One thing that goes wrong on a connection of an {@link EchoServer}, and when. Immutable; text and Java mirror each
 * other: {@code Fault.parse("reset after 300")} equals {@code Fault.reset().after(300)}, and {@link #toString} gives
 * the text back.
 *
 * <p>A fault takes effect at the accept, unless it has a trigger: {@code after 300} (bytes), {@code after 300 sent},
 * {@code after 2s}, {@code on fin}, and with a script or handler {@code after 3 messages} and {@code every 3rd message}. A
 * server that relays can have faults of both directions: {@code reset after 300 to server}. A server with TLS can have faults
 * of the handshake, {@code reset after client-hello}, and of its records, {@code fragment 1 on the wire}. Random values come
 * from a seed. If none is given, one is drawn and becomes part of the fault, so that its text repeats the same values.
 *
 * @param effect what happens
 * @param trigger when it happens
 * @param direction which bytes it is about
 * @param layer on a server with TLS, whether it is about the text or about the records; otherwise {@link Layer#TEXT}
 * @see FaultPlan
 */
public record Fault(Effect effect, Trigger trigger, Direction direction, Layer layer) {

    /** The bytes that a fault is about. Its trigger counts these bytes, too. */
    public enum Direction {
        /** The bytes that are sent to the client: {@code to client}, the default. */
        TO_CLIENT("to client"),

        /** The bytes that a relay sends to the server behind it: {@code to server}. */
        TO_SERVER("to server");

        private final String words;

        Direction(String words) {
            this.words = words;
        }

        /** Returns the words in the text of a fault. */
        @Override
        public String toString() {
            return words;
        }
    }

    /** The bytes of a server with TLS that a fault is about. Its trigger counts these bytes, too. */
    public enum Layer {
        /** What is in the records. This is the default, and a server without TLS has only this layer. */
        TEXT("in the text"),

        /**
         * The records of TLS, as the server sends them: {@code on the wire}. Faults that wait for a stage of the handshake, and
         * {@code plain}, always act on this layer.
         */
        WIRE("on the wire");

        private final String words;

        Layer(String words) {
            this.words = words;
        }

        /** Returns the words in the text of a fault; the default is left out there. */
        @Override
        public String toString() {
            return words;
        }
    }

    private static final Trigger AT_ACCEPT = new Trigger.AtAccept();
    private static final Trigger ON_FIN = new Trigger.OnFin();
    private static final Trigger IN_ANSWER_TO_HELLO = new Trigger.AfterHandshake(Trigger.HandshakeStage.CLIENT_HELLO);

    /**
     * Checks that all parts go together.
     *
     * @param effect what happens
     * @param trigger when it happens
     * @param direction which bytes it is about
     * @param layer whether it is about the text or the records; the fault has {@link Layer#WIRE} if its effect or its
     *     trigger always is about the records
     * @throws IllegalArgumentException if they do not: for example, after the client's FIN no byte comes that could be
     *     corrupted, and a reset cannot happen again
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
        if (trigger instanceof Trigger.EveryMessage every && !EffectRow.mayHappenAgain(effect)) {
            throw EffectRow.happensOnce(effect, every);
        }
        if (EffectRow.isAnswerToHello(effect) && !trigger.equals(IN_ANSWER_TO_HELLO)) {
            throw new IllegalArgumentException(effect + " " + trigger + ": " + effect.kind().word
                    + " is the answer to the ClientHello; leave its trigger out, or use greet");
        }
        if (trigger instanceof Trigger.AfterHandshake && !EffectRow.mayFollowStage(effect)) {
            throw new IllegalArgumentException(effect + " " + trigger + ": a stage of the handshake is only for "
                    + String.join(", ", EffectRow.wordsThatMayFollowStage())
                    + "; write after SIZE and on the wire");
        }
        if (trigger instanceof Trigger.AfterHandshake) {
            layer = Layer.WIRE;
        }
        if (layer == Layer.WIRE) {
            checkWire(effect, trigger, direction);
        } else if (effect instanceof Effect.CloseWithoutNotify && direction == Direction.TO_SERVER) {
            throw new IllegalArgumentException(
                    effect + " " + direction + ": it is about the client of this server; leave out to server");
        }
    }

    private static void checkWire(Effect effect, Trigger trigger, Direction direction) {
        String cure;
        if (direction == Direction.TO_SERVER) {
            cure = trigger instanceof Trigger.AfterHandshake
                    ? "the handshake is that of the client with this server; leave out to server"
                    : "the wire is that between the client and this server; leave out to server, or on the wire";
        } else if (trigger instanceof Trigger.OnFin) {
            cure = "the client's FIN ends its text; leave out on the wire";
        } else if (trigger instanceof Trigger.AfterMessages || trigger instanceof Trigger.EveryMessage) {
            cure = "messages are counted in the text; leave out on the wire, or write after SIZE";
        } else if (effect instanceof Effect.CloseWithoutNotify && !(trigger instanceof Trigger.AfterHandshake)) {
            cure = "there, a close sends no close_notify; write close " + Layer.WIRE;
        } else {
            return;
        }
        throw new IllegalArgumentException(text(effect, trigger, direction, Layer.WIRE) + ": " + cure);
    }

    /** Returns the text without what is usual. */
    private static String text(Effect effect, Trigger trigger, Direction direction, Layer layer) {
        boolean isUsual = trigger instanceof Trigger.AtAccept
                || EffectRow.isAlwaysAfterFin(effect)
                || EffectRow.isAnswerToHello(effect);
        String text = isUsual ? effect.toString() : effect + " " + trigger;
        String to = direction == Direction.TO_SERVER ? " " + direction : "";
        boolean isPlain = layer == Layer.TEXT || trigger instanceof Trigger.AfterHandshake;
        return text + to + (isPlain ? "" : " " + layer);
    }

    /**
     * Makes a fault of the text.
     *
     * @param effect what happens
     * @param trigger when it happens
     * @param direction which bytes it is about
     * @throws IllegalArgumentException if they do not go together
     */
    public Fault(Effect effect, Trigger trigger, Direction direction) {
        this(effect, trigger, direction, Layer.TEXT);
    }

    /**
     * Makes a fault of the bytes that are sent to the client.
     *
     * @param effect what happens
     * @param trigger when it happens
     * @throws IllegalArgumentException if they do not go together
     */
    public Fault(Effect effect, Trigger trigger) {
        this(effect, trigger, Direction.TO_CLIENT, Layer.TEXT);
    }

    private static Fault of(Effect effect) {
        return new Fault(effect, AT_ACCEPT);
    }

    private Fault on(Trigger other) {
        return new Fault(effect, other, direction, layer);
    }

    /**
     * Reads a fault from its text.
     *
     * @param text the text of a fault, such as {@code delay 50ms} or {@code reset after 300}
     * @return the fault
     * @throws IllegalArgumentException if the text is not a fault; the message names the position, the word and what
     *     was expected
     */
    public static Fault parse(String text) {
        return new FaultParser("fault", text).fault();
    }

    /**
     * {@code delay 50ms}: sends every byte, and the answer to the client's FIN, this long after it came.
     *
     * @param delay how long each byte is delayed: whole milliseconds, 1 ms to 365 days
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault delay(Duration delay) {
        return of(new Effect.Delay(delay, Duration.ZERO, 0));
    }

    /**
     * {@code delay 50ms jitter 10ms}: delays like {@link #delay(Duration)}, but each delay is shorter or longer by up
     * to the jitter. The seed is drawn now.
     *
     * @param delay how long each byte is delayed: whole milliseconds, 1 ms to 365 days
     * @param jitter how much shorter or longer a delay may be: zero, or whole milliseconds up to the delay
     * @return the fault
     * @throws IllegalArgumentException if a value is out of range
     */
    public static Fault delay(Duration delay, Duration jitter) {
        return delay(delay, jitter, Quantities.drawnSeed());
    }

    /**
     * {@code delay 50ms jitter 10ms seed 42}: delays like {@link #delay(Duration, Duration)}, with this seed.
     *
     * @param delay how long each byte is delayed: whole milliseconds, 1 ms to 365 days
     * @param jitter how much shorter or longer a delay may be: zero, or whole milliseconds up to the delay
     * @param seed the seed of the jitter
     * @return the fault
     * @throws IllegalArgumentException if a value is out of range
     */
    public static Fault delay(Duration delay, Duration jitter, long seed) {
        return of(new Effect.Delay(delay, jitter, seed));
    }

    /**
     * {@code throttle 64KiB/s}: sends at most this many bytes per second on average.
     *
     * @param bytesPerSecond the most bytes per second, 1 to 1,099,511,627,776 (1 TiB)
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault throttle(long bytesPerSecond) {
        return of(new Effect.Throttle(bytesPerSecond));
    }

    /**
     * {@code fragment 16}: sends at most this many bytes with one write. TCP may deliver several of these pieces at
     * once.
     *
     * @param bytes the most bytes of one write, at least 1
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault fragment(int bytes) {
        return of(new Effect.Fragment(bytes, Duration.ZERO));
    }

    /**
     * {@code fragment 16 every 5ms}: sends at most this many bytes with one write, and waits at least 5 ms between two.
     *
     * @param bytes the most bytes of one write, at least 1
     * @param every the shortest time between two writes: zero, or whole milliseconds, 1 ms to 365 days
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
     * {@code close}: sends a FIN although not everything is echoed, and closes the socket. A client that sends much
     * more may see an RST instead, as with any peer that closes; {@link #halfClose} goes on reading.
     *
     * @return the fault
     */
    public static Fault close() {
        return of(new Effect.Close());
    }

    /**
     * {@code close without close_notify}: sends a FIN like {@link #close}, but without the close_notify of TLS before it (RFC
     * 8446, section 6.1): a truncation. A server without TLS refuses it.
     *
     * @return the fault
     */
    public static Fault closeWithoutNotify() {
        return of(new Effect.CloseWithoutNotify());
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
     * @param first the position of the first of them, counted from 1 at the byte where the fault takes effect
     * @param last the position of the last of them; {@link Long#MAX_VALUE} for no end
     * @return the fault
     * @throws IllegalArgumentException if a value is out of range
     */
    public static Fault corrupt(long first, long last) {
        return of(new Effect.Corrupt(first, last));
    }

    /**
     * {@code corrupt 1%}: flips every bit of each byte with this probability. The seed is drawn now.
     *
     * @param percent the probability for each byte, over 0 and at most 100
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault corruptAtRandom(double percent) {
        return corruptAtRandom(percent, Quantities.drawnSeed());
    }

    /**
     * {@code corrupt 1% seed 42}: flips bytes like {@link #corruptAtRandom(double)}, with this seed.
     *
     * @param percent the probability for each byte, over 0 and at most 100
     * @param seed the seed of the random choice
     * @return the fault
     * @throws IllegalArgumentException if a value is out of range
     */
    public static Fault corruptAtRandom(double percent, long seed) {
        return of(new Effect.CorruptAtRandom(percent, seed));
    }

    /**
     * {@code duplicate 42}: sends this many bytes, and then the same bytes once more.
     *
     * @param bytes how many bytes are sent twice: at least 1, and at most the server's bufferSize
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault duplicate(int bytes) {
        return of(new Effect.Duplicate(bytes));
    }

    /**
     * {@code truncate 10}: drops this many bytes and goes on with those after them.
     *
     * @param bytes how many bytes are dropped, at least 1
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault truncate(long bytes) {
        return of(new Effect.Truncate(bytes));
    }

    /**
     * {@code slow-close 2s}: answers the client's FIN this much later.
     *
     * @param delay how much later the FIN is answered: whole milliseconds, 1 ms to 365 days
     * @return the fault
     * @throws IllegalArgumentException if the value is out of range
     */
    public static Fault slowClose(Duration delay) {
        return new Fault(new Effect.SlowClose(delay), ON_FIN);
    }

    /**
     * {@code greet "220 ready\r\n"}: sends bytes of its own: at the accept, before any echo, unless it has a trigger.
     *
     * @param text the text to send, in UTF-8
     * @return the fault
     * @throws IllegalArgumentException if the text is empty
     */
    public static Fault greet(String text) {
        return greet(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends bytes like {@link #greet(String)}.
     *
     * @param bytes the bytes to send
     * @return the fault
     * @throws IllegalArgumentException if the array is empty
     */
    public static Fault greet(byte[] bytes) {
        return of(new Effect.Greet(new String(bytes, StandardCharsets.ISO_8859_1)));
    }

    /**
     * {@code plain}: answers the client's ClientHello in clear text, as an HTTP server without TLS does, and then sends a FIN. A
     * server without TLS refuses it.
     *
     * @return the fault
     */
    public static Fault plain() {
        return new Fault(new Effect.Plain(Effect.Plain.DEFAULT), IN_ANSWER_TO_HELLO);
    }

    /**
     * {@code plain "-ERR unknown command\r\n"}: answers the client's ClientHello with this clear text, and then sends a FIN.
     *
     * @param text the text to send, in UTF-8
     * @return the fault
     * @throws IllegalArgumentException if the text is empty
     */
    public static Fault plain(String text) {
        return plain(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends bytes like {@link #plain(String)}.
     *
     * @param bytes the bytes to send
     * @return the fault
     * @throws IllegalArgumentException if the array is empty
     */
    public static Fault plain(byte[] bytes) {
        return new Fault(new Effect.Plain(new String(bytes, StandardCharsets.ISO_8859_1)), IN_ANSWER_TO_HELLO);
    }

    /**
     * Returns this fault with another trigger: it takes effect once this many bytes of the client have been sent back
     * or dropped, {@code after 300}.
     *
     * @param bytes how many bytes, at least 1
     * @return a new fault
     * @throws IllegalArgumentException if the value is out of range, or for a slow-close
     */
    public Fault after(long bytes) {
        return on(new Trigger.AfterReceived(bytes));
    }

    /**
     * Returns this fault with another trigger: it takes effect once this many bytes have been sent, {@code after 300
     * sent}. It differs from {@link #after(long)} if other faults add or drop bytes.
     *
     * @param bytes how many bytes, at least 1
     * @return a new fault
     * @throws IllegalArgumentException if the value is out of range, or for a slow-close
     */
    public Fault afterSent(long bytes) {
        return on(new Trigger.AfterSent(bytes));
    }

    /**
     * Returns this fault with another trigger: it takes effect when the connection has this age, {@code after 2s}.
     *
     * @param age the time since the accept: whole milliseconds, 1 ms to 365 days
     * @return a new fault
     * @throws IllegalArgumentException if the value is out of range, or for a slow-close
     */
    public Fault after(Duration age) {
        return on(new Trigger.AfterTime(age));
    }

    /**
     * Returns this fault with another trigger: it takes effect on the wire when the TLS handshake has reached this stage, {@code
     * after client-hello}. A server without TLS refuses it.
     *
     * @param stage the stage that is complete
     * @return a new fault
     * @throws IllegalArgumentException if the effect is not reset, close, stall or delay
     * @see Trigger.AfterHandshake
     */
    public Fault after(Trigger.HandshakeStage stage) {
        return on(new Trigger.AfterHandshake(stage));
    }

    /**
     * Returns this fault with another trigger: it takes effect when a script or handler has matched this many messages of
     * the client, before it answers the last of them, {@code after 3 messages}. A server that echoes refuses it.
     *
     * @param messages how many messages, at least 1
     * @return a new fault
     * @throws IllegalArgumentException if the value is out of range, or for a slow-close
     * @see Trigger.AfterMessages
     */
    public Fault afterMessages(long messages) {
        return on(new Trigger.AfterMessages(messages));
    }

    /**
     * Returns this fault with another trigger: it takes effect on the answers of a script or handler to some messages, {@code
     * every 3rd message}. A server that echoes refuses it.
     *
     * @param messages how many messages there are from one to the next whose answer it is for, at least 1
     * @return a new fault
     * @throws IllegalArgumentException if the value is out of range, or if the effect is not delay, discard, corrupt,
     *     duplicate, truncate or greet
     * @see Trigger.EveryMessage
     */
    public Fault everyMessage(long messages) {
        return on(new Trigger.EveryMessage(messages));
    }

    /**
     * Returns this fault with another trigger: it takes effect when the client's FIN has come and every byte before it
     * was sent back or dropped, {@code on fin}.
     *
     * @return a new fault
     * @throws IllegalArgumentException for an effect on bytes, since none comes after the FIN
     */
    public Fault onFin() {
        return on(ON_FIN);
    }

    /**
     * Returns this fault for the bytes that a relay sends to the server behind it: {@code reset after 300 to server}. Its
     * trigger counts the bytes that the client sends. A server that does not relay refuses it.
     *
     * @return a new fault
     */
    public Fault toServer() {
        return new Fault(effect, trigger, Direction.TO_SERVER, layer);
    }

    /**
     * Returns this fault for the records of TLS that the server sends to its client: {@code fragment 1 on the wire}. Its trigger
     * counts these bytes. A server without TLS refuses it.
     *
     * @return a new fault
     * @throws IllegalArgumentException if its trigger is about the text or it is {@link #toServer}; for {@link
     *     #closeWithoutNotify}, since there a {@link #close} sends no close_notify
     */
    public Fault onTheWire() {
        return new Fault(effect, trigger, direction, Layer.WIRE);
    }

    /** Returns the text that {@link #parse} reads. */
    @Override
    public String toString() {
        return text(effect, trigger, direction, layer);
    }

    boolean isOnWire() {
        return layer == Layer.WIRE;
    }

    /** Returns those faults of a list that are about the wire, or those that are not. */
    static List<Fault> onWire(List<Fault> faults, boolean areOnWire) {
        List<Fault> some = new ArrayList<>();
        for (Fault fault : faults) {
            if (fault.isOnWire() == areOnWire) {
                some.add(fault);
            }
        }
        return some;
    }

    /** Returns what a server without TLS lacks, and the cure; empty if it can carry out the fault. */
    String needOfTls() {
        if (trigger instanceof Trigger.AfterHandshake) {
            return EffectRow.isAnswerToHello(effect)
                    ? "set tls, or write greet and close"
                    : "set tls, or write another trigger, such as after 300";
        }
        if (isOnWire()) {
            return "set tls, or leave out on the wire";
        }
        return effect instanceof Effect.CloseWithoutNotify ? "set tls, or write close" : "";
    }

    boolean isToServer() {
        return direction == Direction.TO_SERVER;
    }

    /** Returns whether its trigger counts messages. */
    boolean countsMessages() {
        return trigger instanceof Trigger.AfterMessages || trigger instanceof Trigger.EveryMessage;
    }

    /** Returns whether it has random values. */
    boolean isRandom() {
        return EffectRow.isDrawn(effect);
    }
}
