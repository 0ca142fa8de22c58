package org.echoharness;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.echoharness.loop.Alarms;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.sockets.UrgentData;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * One accepted connection, on its event loop's thread: reads into a ring, lets what may pass out of it, and derives from
 * its state what to wait for. An idle connection holds no buffer, and one without faults no gates.
 *
 * <p>It ends with a FIN when the client's FIN has come and every byte before it went back, and in any other case with an
 * RST, so that a clean end of stream always means a whole echo; but for the faults that say otherwise.
 */
final class ServerConnection implements EventLoopHandler, UnsentBytes.Waiter, Consumer<Fault> {

    /** How many things a connection with faults does before it is the turn of others. */
    private static final int STEPS = 16;

    private static final long LOOK_FOR_MEMORY_NANOS = 500_000_000;

    private static final String CLOSING = "the server closes";

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ServingLoop serving;
    private final SelectionKey key;
    private final long number; // of all connections of the server, from 1
    private @Nullable RingBuffer ring; // held only while it holds bytes
    private @Nullable GateChain gates;
    private final @Nullable ConnectionReporter witness; // where somebody wants to know
    private boolean inputEnded;
    private boolean lacksMemory; // so it does not read, and looks again later
    private boolean hasSent;
    private @Nullable Due due;
    private Alarms.@Nullable Alarm alarm;
    private long lastMoved; // when bytes last moved; kept only where there is an idle time-out

    /** How a fault ends the connection once the client's kernel has what was sent. Until then nothing else is done. */
    record Due(boolean clean, String why) {}

    private ServerConnection(
            ServingLoop serving, SocketChannel channel, long number, @Nullable ConnectionReporter witness)
            throws IOException {
        this.serving = serving;
        this.number = number;
        this.witness = witness;
        key = serving.loop().register(channel, SelectionKey.OP_READ, this);
    }

    /** Starts to serve the channel, or resets it where that fails. Never throws. */
    static void open(
            ServingLoop serving,
            SocketChannel channel,
            long number,
            @Nullable PlannedFaults planned,
            @Nullable ConnectionReporter witness) {
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            UrgentData.keepInline(channel);
            // from here on whatever closes the socket resets it, the end of the process too; see end()
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            new ServerConnection(serving, channel, number, witness).start(planned);
        } catch (Throwable failed) {
            SocketChannels.reset(channel);
            boolean closing = !serving.loop().isOpen(); // the server was closed in between
            if (witness != null) {
                witness.neverServed(closing ? CLOSING : "an exception in the server");
            }
            serving.context().counts().ends();
            if (!closing) {
                serving.context().counts().failed.increment();
                serving.context().warnings().warn("a connection could not be served: ", failed);
            }
        }
    }

    private void start(@Nullable PlannedFaults planned) throws IOException {
        List<Fault> faults = planned == null ? List.of() : planned.faults(channel());
        lastMoved = config().idleNanos() > 0 ? System.nanoTime() : 0;
        tellStart();
        if (!isOpen()) {
            return; // a callback saw to that
        }
        if (!faults.isEmpty()) {
            gates = new GateChain(faults, planned == null ? 0 : planned.number(), System.nanoTime());
        }
        if (gates != null || serving.isFrozen() || config().idleNanos() > 0) {
            goOn(false);
        }
    }

    /** In the order of their accept. */
    long number() {
        return number;
    }

    boolean isOf(ServingLoop other) {
        return serving == other;
    }

    @Override
    public void ready() {
        if (isOpen()) {
            goOn(true);
        }
    }

    @Override
    public void alarm(long now) {
        alarm = null;
        if (!isOpen()) {
            return;
        }
        long idle = config().idleNanos();
        if (serving.isFrozen()) {
            lastMoved = now;
        } else if (idle > 0 && now - lastMoved >= idle) {
            try {
                endIdle("idle for " + OptionText.text(Duration.ofNanos(idle)));
            } catch (IOException lost) {
                lose(lost);
            } catch (Throwable failed) {
                fail(failed);
            }
            return;
        }
        goOn(false);
    }

    /**
     * Unless something has come while the loop served others. With a FIN only where nothing is held or unread: it would say
     * that all came back.
     */
    private void endIdle(String why) throws IOException {
        boolean reads = (key.interestOps() & SelectionKey.OP_READ) != 0;
        if (reads && receive() != 0) {
            goOn(false);
        } else if (config().closesIdle() && held() == 0 && (reads || drain() == 0)) {
            counts().idleClosed.increment();
            closeEarly(why);
            end(true, null, why);
        } else {
            end(false, counts().idleClosed, why);
        }
    }

    @Override
    public void abort() {
        end(false, null, CLOSING);
    }

    /** Resets the connection, or closes it with a FIN though not all may be echoed. */
    void endNow(boolean clean, String why) {
        if (!isOpen()) {
            return;
        }
        if (due != null) {
            endWaited();
        } else if (clean) {
            closeEarly(why);
            end(true, null, why);
        } else {
            end(false, null, why);
        }
    }

    /** The loop has frozen or unfrozen its connections: looks anew at what to wait for, and for how long. */
    void refreeze() {
        lastMoved = config().idleNanos() > 0 ? System.nanoTime() : 0;
        refresh();
    }

    private void refresh() {
        if (isOpen()) {
            goOn(false);
        }
    }

    /** Takes other faults. What is held is judged by them; nothing is lost or sent twice. */
    void change(PlannedFaults planned) {
        if (!isOpen() || isWaiting()) {
            return;
        }
        try {
            List<Fault> faults = planned.faults(channel());
            boolean outputEnded = gates != null && gates.hasEndedOutput();
            if (gates != null && ring != null) {
                ring.discard(gates.copied());
            }
            releaseGates();
            gates = faults.isEmpty() && !outputEnded ? null : anew(faults, planned.number(), outputEnded);
        } catch (Throwable failed) {
            fail(failed);
        }
        refresh();
    }

    private GateChain anew(List<Fault> faults, long which, boolean outputEnded) {
        long now = System.nanoTime();
        GateChain anew = new GateChain(faults, which, now);
        if (outputEnded) {
            anew.outputEnded();
        }
        if (held() > 0) {
            anew.received(held(), now);
        }
        if (inputEnded) {
            anew.inputEnded(held(), now);
        }
        return anew;
    }

    private void goOn(boolean isReady) {
        if (due != null) {
            return;
        }
        try {
            goOnOrLose(isReady);
        } catch (Throwable failed) {
            fail(failed);
        }
    }

    private void goOnOrLose(boolean isReady) {
        try {
            if (isReady && key.isReadable()) {
                receive();
            }
            pump();
        } catch (IOException lost) {
            lose(lost);
        }
    }

    /** Returns how many bytes came, or -1 for the client's FIN. */
    private int receive() throws IOException {
        RingBuffer into = ring;
        int most = config().bufferSize();
        if (into == null) {
            into = serving.rings().borrow();
            ring = into;
            most = HeldMemory.room(most, false, gates != null);
        }
        int n = into.readFrom(channel(), most);
        if (n < 0) {
            inputEnded = true;
        }
        moved(n);
        if (gates != null && n != 0) {
            if (n > 0) {
                gates.received(into.size(), System.nanoTime());
            } else {
                gates.inputEnded(into.size(), System.nanoTime());
            }
        }
        if (witness != null && n > 0) {
            witness.received(into.newest(n));
        } else if (witness != null && n < 0) {
            witness.inputEnded();
        }
        return n;
    }

    /** Sends what may be sent, and derives what to wait for. */
    private void pump() throws IOException {
        if (!serving.isFrozen() && isOpen()) {
            if (gates != null) {
                obey(gates);
            } else if (ring != null) {
                RingBuffer from = ring;
                if (!from.isEmpty()) {
                    send(from, from.size());
                }
            }
        }
        if (isOpen() && due == null) {
            settle();
        }
    }

    /** Does what the gates say, until they say to wait, the socket takes no more or it is the turn of others. */
    private void obey(GateChain judges) throws IOException {
        judges.blocked(false);
        for (int step = 0; step < STEPS; step++) {
            Verdict verdict = judges.judge(held(), System.nanoTime(), this);
            if (!isOpen()) {
                return;
            }
            if (verdict.kind() == Verdict.Kind.WAIT) {
                if (!judges.asksForMore() || !receivesMore(judges)) {
                    return;
                }
                continue;
            }
            int wanted = verdict.count();
            switch (verdict.kind()) {
                case END -> {
                    end(true, null, "");
                    return;
                }
                case RESET -> {
                    endWhenSent(false, judges.reason());
                    return;
                }
                case CLOSE -> {
                    closeEarly(judges.reason());
                    endWhenSent(true, judges.reason());
                    return;
                }
                case HALF_CLOSE -> {
                    endOutput(judges.reason());
                    judges.outputEnded();
                }
                default -> {
                    int done = act(judges, verdict);
                    judges.done(done, System.nanoTime());
                    if (!isOpen()) {
                        return;
                    }
                    if (done < wanted) {
                        judges.blocked(true);
                        return;
                    }
                }
            }
        }
        judges.blocked(true);
    }

    /** Whether more has come from the client, or its FIN, since it was last read from. */
    private boolean receivesMore(GateChain judges) throws IOException {
        giveBackEmpty();
        int n = receive();
        if (n == 0) {
            judges.idles();
        }
        return n != 0 && isOpen();
    }

    private int act(GateChain judges, Verdict verdict) throws IOException {
        int count = verdict.count();
        if (verdict.kind() == Verdict.Kind.INSERT) {
            ByteBuffer extra = verdict.extra();
            int limit = extra.limit();
            ByteBuffer recorded = extra.duplicate();
            if (witness != null) {
                witness.sending();
            }
            int taken = channel().write(extra.limit(extra.position() + count));
            extra.limit(limit);
            sent(recorded, taken);
            return taken;
        }
        RingBuffer from = ring;
        if (from == null) {
            throw new AssertionError("no bytes for " + verdict.kind());
        }
        if (verdict.kind() == Verdict.Kind.DISCARD) {
            from.discard(count);
            return count;
        }
        judges.alter(from);
        int taken;
        if (verdict.kind() == Verdict.Kind.SEND) {
            taken = send(from, count);
        } else {
            ByteBuffer copy = copied(from, verdict.from(), count);
            taken = from.copyTo(channel(), verdict.from(), count);
            sent(copy, taken);
        }
        judges.restore(from, taken);
        return taken;
    }

    private int send(RingBuffer from, int most) throws IOException {
        ByteBuffer copy = copied(from, 0, most);
        int taken = from.writeTo(channel(), most);
        sent(copy, taken);
        return taken;
    }

    /** What the witness wants to see of these bytes, before the ring forgets them. */
    private ByteBuffer copied(RingBuffer from, int behind, int count) {
        if (witness == null) {
            return NOTHING;
        }
        witness.sending();
        int wanted = Math.min(count, witness.wants());
        return wanted == 0 ? NOTHING : from.copy(behind, wanted);
    }

    private void sent(ByteBuffer bytes, int count) {
        moved(count);
        hasSent |= count > 0;
        if (witness != null) {
            witness.sent(bytes, count);
        }
    }

    /** Gives back an empty ring, then ends the connection or derives its interest set and its alarm. */
    private void settle() {
        giveBackEmpty();
        if (ring != null) {
            ring = serving.rings().held(ring);
        }
        if (gates == null && inputEnded && ring == null && !serving.isFrozen()) {
            end(true, null, "");
            return;
        }
        lacksMemory = false;
        int interest =
                serving.isFrozen() ? 0 : (reads() ? SelectionKey.OP_READ : 0) | (writes() ? SelectionKey.OP_WRITE : 0);
        if (key.interestOps() != interest) {
            key.interestOps(interest);
        }
        if (lacksMemory || gates != null || (alarm == null && config().idleNanos() > 0)) {
            setAlarm();
        }
    }

    private void giveBackEmpty() {
        if (ring != null && ring.isEmpty()) {
            serving.rings().giveBack(ring);
            ring = null;
        }
    }

    private boolean reads() {
        if (inputEnded) {
            return false;
        }
        if (ring == null) {
            return gates == null || gates.reading();
        }
        boolean wants = gates == null ? ring.isHalfFree() : gates.reading() && ring.hasRoom();
        int lack = wants ? ring.lacks() : 0;
        lacksMemory = lack > 0 && HeldMemory.room(lack, true, gates != null) < lack;
        return wants && !lacksMemory;
    }

    private boolean writes() {
        return gates == null ? ring != null : gates.isBlocked();
    }

    /** For the next deadline, if there is one; an alarm that is set too early already stays and finds nothing to do. */
    private void setAlarm() {
        long now = System.nanoTime();
        long idle = config().idleNanos();
        long left = idle > 0 ? Math.max(1, lastMoved + idle - now) : Verdict.NEVER;
        if (gates != null && !serving.isFrozen()) {
            left = Math.min(left, gates.untilWake(now));
        }
        if (lacksMemory) {
            left = Math.min(left, LOOK_FOR_MEMORY_NANOS);
        }
        if (left != Verdict.NEVER
                && (alarm == null || alarm.isAfter(serving.loop().alarms(), now + left))) {
            cancelAlarm();
            alarm = serving.loop().alarms().set(now + left, this);
        }
    }

    private void cancelAlarm() {
        if (alarm != null) {
            serving.loop().alarms().cancel(alarm);
            alarm = null;
        }
    }

    /** Ends this connection alone. Where memory is so short that even this fails, it ends without a word. */
    private void fail(Throwable failure) {
        if (!isOpen()) {
            return; // a callback closed the server, and with it this connection
        }
        try {
            String peer = HostAndPort.peerOf(channel());
            end(false, counts().failed, "an exception in the server");
            serving.context().warnings().warn("reset ".concat(peer).concat(" after an exception: "), failure);
        } catch (Throwable worse) {
            endWithoutWord();
        }
    }

    private void endWithoutWord() {
        if (isOpen()) {
            lingers(0);
            serving.loop().close(key);
            if (ring != null) {
                serving.rings().giveBack(ring);
                ring = null;
            }
            releaseGates();
            cancelAlarm();
            counts().ends();
            counts().failed.increment();
        }
    }

    /** Sends a FIN though not all is echoed. What has come is read: unread bytes would make an RST of the close. */
    private void closeEarly(String why) {
        try {
            endOutput(why);
            drain();
        } catch (IOException lost) {
            lose(lost);
        }
    }

    /** Reads what has come, and throws it away. Returns how many bytes it was. */
    private long drain() throws IOException {
        if (ring != null) {
            serving.rings().giveBack(ring); // one of its own may be small
        }
        RingBuffer unread = serving.rings().borrow();
        ring = unread;
        long drained = 0;
        for (int i = 0, n = 1; i < STEPS && n > 0 && !inputEnded; i++) {
            unread.clear();
            n = unread.readFrom(channel());
            inputEnded = n < 0;
            drained += Math.max(0, n);
            if (witness != null) {
                witness.drained(n > 0 ? unread.newest(n) : NOTHING, n < 0);
            }
        }
        unread.clear();
        return drained;
    }

    /**
     * An RST, of this side or in answer to what the client sends on, makes the kernel throw away what is not sent yet. A
     * client whose FIN has come sends nothing more. After the FINs of both sides the kernel sends no RST, and may have
     * forgotten the socket, but delivers what it still has.
     */
    private void endWhenSent(boolean clean, String why) throws IOException {
        boolean outputEnded = gates != null && gates.hasEndedOutput();
        if (isOpen() && outputEnded) {
            drain();
        }
        if (!isOpen()) {
            return;
        }
        if (inputEnded && outputEnded) {
            end(-1, clean, null, why);
            return;
        }
        if (!hasSent || (clean && inputEnded) || !serving.unsentBytes().await(this, channel())) {
            end(clean, null, why);
            return;
        }
        due = new Due(clean, why);
        key.interestOps(0);
        cancelAlarm();
        if (ring != null) {
            ring.clear();
            serving.rings().giveBack(ring);
            ring = null;
        }
    }

    /** Whether it ends as soon as the client's kernel has what was sent. */
    @Override
    public boolean isWaiting() {
        return isOpen() && due != null;
    }

    /** Ends it now. */
    @Override
    public void endWaited() {
        Due how = due;
        if (how != null) {
            try {
                end(how.clean(), null, how.why());
            } catch (Throwable failed) {
                fail(failed);
            }
        }
    }

    private void endOutput(String why) throws IOException {
        if (witness != null) {
            witness.sending();
        }
        channel().shutdownOutput();
        if (witness != null) {
            witness.outputEnded(why);
        }
    }

    /** The client has reset the connection, or it was lost in another way. */
    private void lose(IOException lost) {
        end(false, counts().reset, Escaping.escape(String.valueOf(lost.getMessage())));
    }

    /**
     * Closes the socket, with a FIN after a whole echo and else with an RST, and then tells. The selector lets go of the
     * socket when it runs next: a listener that blocks holds an RST back so long. The counter, if any, counts it.
     */
    private void end(boolean clean, @Nullable LongAdder counter, String why) {
        end(clean ? -1 : 0, clean, counter, why);
    }

    private void end(int linger, boolean clean, @Nullable LongAdder counter, String why) {
        if (!isOpen()) {
            return; // a callback closed the server, and with it this connection
        }
        lingers(linger);
        serving.loop().close(key);
        if (ring != null) {
            serving.rings().giveBack(ring);
            ring = null;
        }
        releaseGates();
        cancelAlarm();
        counts().ends();
        if (counter != null) {
            counter.increment();
        }
        if (witness != null) {
            report(counter == counts().reset ? Ending.Side.CLIENT : Ending.Side.SERVER, clean, why, witness);
        }
    }

    private void report(Ending.Side by, boolean clean, String why, ConnectionReporter to) {
        try {
            to.ended(by, clean ? Ending.How.FIN : Ending.How.RST, why);
            serving.context().reportWaiting();
        } catch (Throwable failed) {
            serving.context().warnings().warn("a listener failed: ", failed);
        }
    }

    private void releaseGates() {
        if (gates != null) {
            gates.release();
        }
    }

    /** How long closing waits for what is not yet sent: 0 sends an RST instead, -1 takes that back. */
    private void lingers(int seconds) {
        try {
            channel().setOption(StandardSocketOptions.SO_LINGER, seconds);
        } catch (IOException | RuntimeException alreadyGone) {
            // then there is nobody left to tell
        }
    }

    private void tellStart() {
        if (witness != null) {
            try {
                witness.accepted();
            } catch (Throwable failed) {
                fail(failed);
            }
        }
    }

    /** A fault takes hold. */
    @Override
    public void accept(Fault fault) {
        if (witness != null) {
            witness.applying(fault);
        }
    }

    private void moved(int bytes) {
        if (bytes > 0 && config().idleNanos() > 0) {
            lastMoved = System.nanoTime();
        }
    }

    private ServerConfig config() {
        return serving.context().config();
    }

    private ConnectionCounts counts() {
        return serving.context().counts();
    }

    private int held() {
        return ring == null ? 0 : ring.size();
    }

    private boolean isOpen() {
        return key.isValid();
    }

    private SocketChannel channel() {
        return (SocketChannel) key.channel();
    }
}
