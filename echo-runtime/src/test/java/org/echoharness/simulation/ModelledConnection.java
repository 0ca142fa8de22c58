package org.echoharness.simulation;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.echoharness.Effect;
import org.echoharness.Fault;
import org.jspecify.annotations.Nullable;

/**
 * What the client of one connection may see: the bytes, and how the stream ends. The output depends only on what the client has
 * sent; how much of it has come by now depends on the threads. A control or a time-out may end the connection early.
 */
final class ModelledConnection {

    /** How a client sees its connection end. */
    enum End {
        FIN,
        RST,
        /** A write has failed. Whether a FIN came before cannot be seen any more. */
        BROKEN,
        /** With TLS, a FIN without close_notify after the handshake. No server may do this unless it is asked to. */
        CUT
    }

    /**
     * An end that may cut off the output.
     *
     * @param notBefore the time of {@link System#nanoTime}
     * @param why what the recording says
     * @param isSure whether the connection ends in this way, unless it has ended by itself before
     */
    record EarlyEnd(Set<End> ends, long notBefore, String why, boolean isSure) {}

    private final String kind;
    private final long number;
    private @Nullable ModelledDirection toServer; // only of a relay
    private ModelledDirection toClient;
    private final ModelledScript script = new ModelledScript();
    private final StringBuilder before = new StringBuilder(); // the output under faults that were replaced
    private int relayed; // bytes of the output to the server, under the faults in force
    private final List<EarlyEnd> earlyEnds = new ArrayList<>();
    private boolean isFrozen;
    private final ByteArrayOutputStream unread = new ByteArrayOutputStream(); // while frozen
    private boolean hasUnreadFin;
    private boolean hasGreeted;
    private List<Fault> faults;
    private boolean isPlain; // no fault has changed a byte or an end

    ModelledConnection(String kind, long number, List<Fault> faults, boolean isFrozen) {
        this.kind = kind;
        this.number = number;
        this.faults = faults;
        this.isFrozen = isFrozen;
        isPlain = kind.equals("echo") && faults.stream().allMatch(ModelledFaults::takesTimeOnly);
        toServer = kind.equals("relay") ? new ModelledDirection(to(Fault.Direction.TO_SERVER, faults)) : null;
        toClient = new ModelledDirection(to(Fault.Direction.TO_CLIENT, faults));
        greets();
    }

    private void greets() {
        if (!isFrozen && !hasGreeted && kind.equals("script")) {
            toClient.takes(latin1(ModelledScript.GREETING), false);
        }
        hasGreeted |= !isFrozen;
        takes(new byte[0], false);
    }

    private static List<Fault> to(Fault.Direction direction, List<Fault> faults) {
        return faults.stream().filter(fault -> fault.direction() == direction).toList();
    }

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Its number among all connections of its server, from 1. */
    long number() {
        return number;
    }

    /** Whether it is an echo with faults that take time only. */
    boolean isPlainEcho() {
        return isPlain;
    }

    List<Fault> faults() {
        return faults;
    }

    /** The client has sent bytes, or its FIN. */
    void takes(byte[] bytes, boolean fin) {
        if (isFrozen) {
            unread.writeBytes(bytes);
            hasUnreadFin |= fin;
        } else if (toServer != null) {
            toServer.takes(bytes, fin);
            passOn(toServer);
        } else if (kind.equals("script")) {
            toClient.takes(
                    latin1(script.takes(new String(bytes, StandardCharsets.ISO_8859_1))), fin || script.closes());
        } else {
            toClient.takes(bytes, fin);
        }
    }

    /** The server behind a relay echoes. */
    private void passOn(ModelledDirection behind) {
        String echo = behind.output().substring(relayed);
        relayed += echo.length();
        toClient.takes(latin1(echo), behind.hasFin());
    }

    /** A test sends bytes to the client. */
    void sends(String text) {
        toClient.takes(latin1(text), false);
    }

    /** The server reads nothing more, or goes on. */
    void freeze(boolean frozen) {
        isFrozen = frozen;
        if (!frozen) {
            greets();
            byte[] bytes = unread.toByteArray();
            unread.reset();
            takes(bytes, hasUnreadFin);
            hasUnreadFin = false;
        }
    }

    /** Replaces the faults, after the server has answered everything that was sent so far. */
    void setFaults(List<Fault> others) {
        faults = others;
        isPlain &= others.stream().allMatch(ModelledFaults::takesTimeOnly);
        if (naturalEnds().isEmpty() || !isOver()) {
            before.append(toClient.output());
            toClient = toClient.with(to(Fault.Direction.TO_CLIENT, others));
            if (toServer != null) {
                toServer = toServer.with(to(Fault.Direction.TO_SERVER, others));
                relayed = 0;
                passOn(toServer);
            }
        }
    }

    /** Whether the connection ends by itself when all was sent. */
    boolean isOver() {
        boolean isTerminal = toClient.terminal() != null || (toServer != null && toServer.terminal() != null);
        return isTerminal
                || script.fails()
                || (script.closes() && toClient.hasFin())
                || (toClient.isOver() && (toServer == null || toServer.isOver()));
    }

    /** Whether one direction of a relay stands still, so that it is not known how far the other one has come. */
    boolean isHalfStalled() {
        return toServer != null && (toServer.isStalled() || toClient.isStalled());
    }

    /** Whether the server reads no more. */
    boolean isStalled() {
        return isFrozen || toClient.isStalled() || (toServer != null && toServer.isStalled());
    }

    /** All that the client may read. */
    String output() {
        return before + toClient.output();
    }

    /** Whether a fault ends the connection that the recording may name in this way. */
    boolean isEndedBy(String why) {
        return Stream.of(toServer == null ? null : toServer.terminal(), toClient.terminal())
                .anyMatch(fault -> fault != null && fault.toString().equals(why));
    }

    /** The fault that ends the connection; null if none does. */
    @Nullable
    Fault terminal() {
        return toServer != null && toServer.terminal() != null ? toServer.terminal() : toClient.terminal();
    }

    /** Whether the client reads the whole output before its natural end. */
    boolean isWhole() {
        return !script.fails() && (toServer == null || toServer.terminal() == null);
    }

    /** How the stream may end by itself; empty if it does not. */
    Set<End> naturalEnds() {
        Set<End> ends = EnumSet.noneOf(End.class);
        if (toServer != null && toServer.terminal() != null) {
            ends.add(how(toServer.terminal()));
        }
        if (script.fails()) {
            ends.add(End.RST);
        }
        if (toClient.hasFin()) {
            ends.add(script.resets() ? End.RST : End.FIN);
        } else if (toClient.terminal() != null) {
            ends.add(how(toClient.terminal()));
        }
        if (!ends.isEmpty() && isOver()) {
            ends.add(End.BROKEN);
        }
        return ends;
    }

    private static End how(Fault terminal) {
        return terminal.effect() instanceof Effect.Close ? End.FIN : End.RST;
    }

    /** Whether the client has read everything, and every byte and the FIN of the client were read before. */
    boolean isComplete(@Nullable End seen) {
        return seen == End.FIN
                && isWhole()
                && terminal() == null
                && !script.closes()
                && toClient.isOver()
                && (toServer == null || toServer.isOver())
                && earlyEnds.isEmpty();
    }

    /** Whether the script was not met. */
    boolean hasMismatch() {
        return script.fails();
    }

    void mayEnd(EarlyEnd end) {
        earlyEnds.add(end);
    }

    List<EarlyEnd> earlyEnds() {
        return earlyEnds;
    }

    /** Whether a control has ended it, unless it had ended before. */
    boolean wasEnded() {
        return earlyEnds.stream().anyMatch(EarlyEnd::isSure);
    }

    /** Fails if the client may not see this end after this many bytes of the output. */
    void check(End end, int seen, boolean isUnix) {
        Set<End> natural = naturalEnds();
        boolean isNatural = allows(natural, end, isUnix && isOver()) && (!isWhole() || seen == output().length());
        long now = System.nanoTime();
        if (!isNatural
                && earlyEnds.stream()
                        .noneMatch(early -> now - early.notBefore() >= 0 && allows(early.ends(), end, isUnix))) {
            throw new AssertionError("the client has seen " + end + " after " + seen + " of " + output().length()
                    + " bytes; by itself it may end with " + natural + ", early with " + earlyEnds);
        }
    }

    /** A Unix socket has no RST: what the client sees in its place depends on what the server has read. */
    private static boolean allows(Set<End> ends, End end, boolean isUnix) {
        return ends.contains(end)
                || (isUnix && (end == End.FIN || end == End.RST || end == End.CUT) && !ends.isEmpty());
    }
}
