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
    private final List<Fault> faultsBehind;
    private @Nullable ModelledDirection toServer; // only of a relay
    private final @Nullable ModelledDirection behind; // the server behind it
    private ModelledDirection toClient;
    private final ModelledScript script = new ModelledScript();
    private final StringBuilder before = new StringBuilder(); // the output under faults that were replaced
    private int relayed; // bytes of the output to the server, under the faults in force
    private int answered; // bytes of the server behind a relay that the relay has got
    private final List<EarlyEnd> earlyEnds = new ArrayList<>();
    private boolean isFrozen;
    private final ByteArrayOutputStream unread = new ByteArrayOutputStream(); // while frozen
    private boolean hasUnreadFin;
    private boolean hasGreeted;
    private List<Fault> faults;
    private boolean isPlain; // no fault has changed a byte or an end

    /** @param faultsBehind of the server behind a relay */
    ModelledConnection(String kind, long number, List<Fault> faults, List<Fault> faultsBehind, boolean isFrozen) {
        this.kind = kind;
        this.number = number;
        this.faults = faults;
        this.faultsBehind = faultsBehind;
        this.isFrozen = isFrozen;
        isPlain = kind.equals("echo") && faults.stream().allMatch(ModelledFaults::takesTimeOnly);
        toServer = kind.equals("relay") ? new ModelledDirection(to(Fault.Direction.TO_SERVER, faults)) : null;
        behind = kind.equals("relay") ? new ModelledDirection(faultsBehind) : null;
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
        } else if (toServer != null && behind != null) {
            toServer.takes(bytes, fin);
            passOn(toServer, behind);
        } else if (kind.equals("script")) {
            toClient.takes(
                    latin1(script.takes(new String(bytes, StandardCharsets.ISO_8859_1))), fin || script.closes());
        } else {
            toClient.takes(bytes, fin);
        }
    }

    /** The server behind a relay echoes, with faults of its own. */
    private void passOn(ModelledDirection sent, ModelledDirection to) {
        String bytes = sent.output().substring(relayed);
        relayed += bytes.length();
        to.takes(latin1(bytes), sent.hasFin());
        String answer = to.output().substring(answered);
        answered += answer.length();
        toClient.takes(latin1(answer), to.hasFin() || isClosedBehind());
    }

    private boolean isClosedBehind() {
        return behind != null && behind.terminal() != null && how(behind.terminal()) == End.FIN;
    }

    private boolean isResetBehind() {
        return behind != null && behind.terminal() != null && how(behind.terminal()) == End.RST;
    }

    /** Whether the server behind it, if there is one, only echoes. */
    boolean isFaithfulBehind() {
        return faultsBehind.isEmpty();
    }

    /** Whether it may deal with bytes at a time that the client does not see. */
    boolean mayActLater(boolean hasTls) {
        List<Fault> all = new ArrayList<>(faults);
        all.addAll(faultsBehind);
        return isHalfStalled() || ModelledFaults.mayActLater(all, hasTls);
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
            }
            takes(new byte[0], false); // unless the server is frozen
        }
    }

    /** Whether the connection ends by itself when all was sent. */
    boolean isOver() {
        boolean isTerminal = toClient.terminal() != null || (toServer != null && toServer.terminal() != null);
        return isTerminal
                || isResetBehind()
                || script.fails()
                || (script.closes() && toClient.hasFin())
                || (toClient.isOver() && (toServer == null || toServer.isOver()));
    }

    /** Whether one direction of a relay stands still, so that it is not known how far the other one has come. */
    boolean isHalfStalled() {
        return toServer != null && (toServer.isStalled() || isStalledBehind() || toClient.isStalled());
    }

    /** Whether the server reads no more. */
    boolean isStalled() {
        return isFrozen || toClient.isStalled() || isStalledBehind() || (toServer != null && toServer.isStalled());
    }

    private boolean isStalledBehind() {
        return behind != null && behind.isStalled();
    }

    /** All that the client may read. */
    String output() {
        return before + toClient.output();
    }

    /** Whether a fault ends the connection that the recording may name in this way. */
    boolean isEndedBy(String why) {
        if (behind != null && behind.terminal() != null && why.startsWith("upstream ")) {
            return true;
        }
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
        if (isResetBehind() && !toClient.isStalled()) { // a relay that stands still does not notice
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
                && isFaithfulBehind()
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
                && !mayBeResetBehind(end)
                && earlyEnds.stream()
                        .noneMatch(early -> now - early.notBefore() >= 0 && allows(early.ends(), end, isUnix))) {
            throw new AssertionError("the client has seen " + end + " after " + seen + " of " + output().length()
                    + " bytes; by itself it may end with " + natural + ", early with " + earlyEnds);
        }
    }

    /**
     * The server behind a relay has closed its connection and resets it when more comes, or has reset it while the relay stands
     * still.
     */
    private boolean mayBeResetBehind(End end) {
        boolean mayBe = isClosedBehind() || (isResetBehind() && toClient.isStalled());
        return mayBe && (end == End.RST || end == End.BROKEN);
    }

    /** A Unix socket has no RST: what the client sees in its place depends on what the server has read. */
    private static boolean allows(Set<End> ends, End end, boolean isUnix) {
        return ends.contains(end)
                || (isUnix && (end == End.FIN || end == End.RST || end == End.CUT) && !ends.isEmpty());
    }
}
