package org.echoharness;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.echoharness.ConnectionCounters.Counts.Cause;
import org.echoharness.dialogue.TlsUpgrade;
import org.echoharness.gates.Verdict;
import org.echoharness.loop.Alarms;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.proxy.HeaderInput;
import org.echoharness.proxy.HeaderVersion;
import org.echoharness.proxy.ProxyHeader;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * One accepted connection, on its event loop's thread. It owns the socket: it calls its pump when the socket is ready or a
 * deadline is due, waits for what the pump waits for, and ends the connection. A FIN means that every byte before the client's
 * FIN was answered; else there is an RST. Some faults, idle closes and controls are exceptions.
 */
class ServerConnection implements EventLoopHandler, UnsentBytes.Waiter, ConnectionPump.Owner {

    static final String CLOSING = "the server closes";
    static final String FAILED = "an exception in the server";

    private final ServingLoop serving;
    private final SelectionKey key;
    private final long number; // from 1, in the order of the accepts of the server
    private final ConnectionWire wire;
    private @Nullable ConnectionPump pump; // null while it rests
    private final @Nullable ConnectionReporter reporter; // null if nothing is printed or recorded
    private boolean hasSent; // before the pump last rested
    private boolean isHalfClosed;
    private @Nullable Due due; // null until it ends
    private ConnectionPump.@Nullable Next next; // while the wire is not ready for it
    private boolean isAskedByWire; // a fault of the wire has asked for it
    private Alarms.@Nullable Alarm alarm;
    private long lastMoved; // when bytes last moved; kept only if there is an idle time-out

    /**
     * How the connection ends once the client's kernel has all that was sent, or, after a failure of the wire that the client
     * is to read, once the client's FIN has come. Until then it does nothing else.
     */
    static final class Due {
        private final boolean clean;
        private final Cause cause;
        private final String why;
        private final boolean awaitsFin;
        private final long deadline; // for the client's FIN
        private boolean hasSentFin; // before the client's came

        private Due(boolean clean, Cause cause, String why, boolean awaitsFin, long deadline) {
            this.clean = clean;
            this.cause = cause;
            this.why = why;
            this.awaitsFin = awaitsFin;
            this.deadline = deadline;
        }
    }

    private ServerConnection(
            ServingLoop serving, SocketChannel channel, long number, @Nullable ConnectionReporter reporter)
            throws IOException {
        this.serving = serving;
        this.number = number;
        this.reporter = reporter;
        key = serving.loop().register(channel, SelectionKey.OP_READ, this);
        wire = config().wires().open(channel, this, serving.loop(), reporter);
    }

    /** Registers a connection with its loop. On the loop's thread. */
    static ServerConnection of(
            ServingLoop serving, SocketChannel channel, long number, @Nullable ConnectionReporter reporter)
            throws IOException {
        HeaderVersion required = serving.context().config().proxyProtocol();
        return required == null
                ? new ServerConnection(serving, channel, number, reporter)
                : Proxied.of(serving, channel, number, reporter, required);
    }

    /** Starts to serve the client, or first to read its header. The caller resets the channel if this throws. */
    void start(FaultPlan.@Nullable Place planned) throws IOException {
        serve(planned);
    }

    private void serve(FaultPlan.@Nullable Place planned) throws IOException {
        List<Fault> faults = planned == null ? List.of() : planned.faults(remote());
        lastMoved = config().idleNanos() > 0 ? System.nanoTime() : 0;
        try {
            if (reporter != null) {
                reporter.accepted();
            }
        } catch (Throwable failed) {
            fail(failed);
        }
        if (!isOpen()) {
            return; // a callback closed it
        }
        if (planned != null && !faults.isEmpty()) {
            setFaults(faults, planned.number());
        }
        if (pump().mayWake() || wire.mayWake() || serving.isFrozen() || config().idleNanos() > 0) {
            turn(false);
        } else {
            rest();
        }
    }

    /** Returns whether the header of a proxy has not come yet. Until it has, nothing is served. */
    boolean awaitsHeader() {
        return false;
    }

    @Override
    public SocketAddress remote() throws IOException {
        return channel().getRemoteAddress();
    }

    @Override
    public SocketAddress local() throws IOException {
        return channel().getLocalAddress();
    }

    @Override
    public long number() {
        return number;
    }

    /** Returns the pump, or null if it rests. */
    @Nullable
    ConnectionPump pumpInUse() {
        return pump;
    }

    boolean isOf(ServingLoop other) {
        return serving == other;
    }

    @Override
    public void ready() {
        turn(true);
    }

    @Override
    public void alarm(long now) {
        alarm = null;
        if (due != null) {
            awaitFinalFin(now, due);
            return;
        }
        long idle = isOpen() ? config().idleNanos() : 0;
        if (serving.isFrozen()) {
            lastMoved = now;
        } else if (idle > 0 && now - lastMoved >= idle) {
            try {
                endIdle("idle for " + Quantities.text(Duration.ofNanos(idle)));
            } catch (Throwable failed) {
                fail(failed);
            }
            return;
        }
        turn(false);
    }

    /** Ends the connection, unless something has come meanwhile. It sends a FIN only if nothing is held or unread. */
    private void endIdle(String why) throws IOException {
        boolean reads = (key.interestOps() & SelectionKey.OP_READ) != 0;
        if (reads && pump().receive(ServingLoop.CLOCK)) {
            turn(false);
        } else if (config().closesIdle() && !pump().holds() && !pump().drain() && wire.mayEnd(true)) {
            serving.context().counts().idleClosed.increment(); // before the client sees the FIN
            closeEarly(why);
            end(true, Cause.SERVER, why);
        } else {
            end(false, Cause.IDLE, why);
        }
    }

    @Override
    public void abort() {
        try {
            if (pump != null) {
                pump.ends("nothing more by the end of the server", serving.isFrozen() ? null : ServingLoop.CLOCK);
            }
        } finally {
            end(false, Cause.SERVER, CLOSING);
        }
    }

    /** Resets the connection, or closes it with a FIN even if not everything was echoed. */
    void endNow(boolean clean, String why) {
        if (isWaiting()) {
            endWaited();
            return;
        }
        try {
            if (clean && isOpen() && mayClose()) {
                closeEarly(why);
                end(true, Cause.SERVER, why);
            } else {
                end(false, Cause.SERVER, why);
            }
        } catch (Throwable failed) {
            fail(failed);
        }
    }

    private boolean mayClose() {
        try {
            return wire.mayEnd(true);
        } catch (IOException lost) {
            return false;
        }
    }

    /** Derives what to wait for, and for how long, after the connections of the loop were frozen or unfrozen. */
    void refreeze() {
        lastMoved = config().idleNanos() > 0 ? System.nanoTime() : 0;
        if (pump != null) {
            pump.stoodStill(serving.frozenFor());
        }
        goOn();
    }

    @Override
    public void goOn() {
        turn(false);
    }

    /** Replaces the faults. */
    void change(FaultPlan.Place planned) {
        if (!isOpen() || isWaiting()) {
            return;
        }
        try {
            setFaults(planned.faults(remote()), planned.number());
        } catch (Throwable failed) {
            fail(failed);
        }
        goOn();
    }

    private void setFaults(List<Fault> faults, long place) {
        List<Fault> ofWire = Fault.onWire(faults, true);
        List<Fault> ofText = ofWire.isEmpty() ? faults : Fault.onWire(faults, false);
        pump().setFaults(ofText, place, System.nanoTime());
        wire.setFaults(ofWire, place, ServingLoop.CLOCK, serving.rings());
    }

    void turn(boolean isReady) {
        if (!isOpen()) {
            return;
        }
        if (due != null) {
            awaitFinalFin(System.nanoTime(), due);
            return;
        }
        try {
            if (!serving.isFrozen()) {
                wire.turn();
            }
            if (isReady && (key.isReadable() || wire.hasInput())) {
                pump().receive(ServingLoop.CLOCK);
            }
            if (!serving.isFrozen() && isOpen()) {
                advance();
            }
            if (isOpen() && due == null) {
                settle();
            }
        } catch (Throwable failed) {
            fail(failed);
        }
    }

    /** Uses no switch: its class would be loaded at the first use, when no file descriptor may be left. */
    private void advance() throws IOException {
        ConnectionPump.Next due = nextOfAll();
        if (due == ConnectionPump.Next.HALF_CLOSE) {
            endOutput(reason());
            isHalfClosed = true;
            pump().outputEnded();
            wire.outputEnded();
            due = nextOfAll();
        }
        if (due == ConnectionPump.Next.WAIT) {
            return;
        }
        boolean ends = due == ConnectionPump.Next.END;
        String why = ends ? "" : reason();
        if (due == ConnectionPump.Next.CLOSE || due == ConnectionPump.Next.CUT) {
            closeEarly(why);
            endWhenSent(true, why);
        } else if (due == ConnectionPump.Next.RESET) {
            endWhenSent(false, why);
        } else {
            end(ends, due == ConnectionPump.Next.FAIL ? Cause.FAILED : Cause.SERVER, why);
        }
    }

    /** Returns what the pump or a fault of the wire asks for, or WAIT while the wire is not ready for that. */
    private ConnectionPump.Next nextOfAll() throws IOException {
        ConnectionPump.Next asked = next;
        if (asked == null) {
            isAskedByWire = false;
            asked = pump().pump(ServingLoop.CLOCK);
        }
        boolean atOnce = asked == ConnectionPump.Next.RESET_AT_ONCE || asked == ConnectionPump.Next.FAIL;
        if (atOnce || !isOpen() || (asked != ConnectionPump.Next.WAIT && mayEnd(asked))) {
            next = null;
            return asked;
        }
        next = asked == ConnectionPump.Next.WAIT ? null : asked;
        ConnectionPump.Next ofWire = wire.next(ServingLoop.CLOCK);
        if (ofWire == ConnectionPump.Next.WAIT && next != null && mayEnd(next)) {
            next = null; // the wire has sent the rest just now
            return asked;
        }
        if (ofWire == ConnectionPump.Next.WAIT) {
            return ofWire;
        }
        isAskedByWire = true;
        boolean waits = ofWire == ConnectionPump.Next.CLOSE && !mayEnd(ofWire);
        next = waits ? ofWire : null;
        return waits ? ConnectionPump.Next.WAIT : ofWire;
    }

    private boolean mayEnd(ConnectionPump.Next asked) throws IOException {
        return wire.mayEnd(asked != ConnectionPump.Next.RESET && asked != ConnectionPump.Next.CUT);
    }

    private String reason() {
        return isAskedByWire ? wire.reason() : pump().reason();
    }

    /** Derives what to wait for. */
    private void settle() {
        if (config().idleNanos() > 0) {
            boolean moved = wire.hasMoved();
            lastMoved = pump().hasMoved() || moved ? System.nanoTime() : lastMoved;
        }
        int wanted = pump().rest();
        if (next != null) {
            wanted = 0;
        }
        int ofWire = wire.interest(wanted);
        int interest = serving.isFrozen() ? 0 : ofWire;
        if (key.interestOps() != interest) {
            key.interestOps(interest);
        }
        if ((interest & SelectionKey.OP_READ) != 0 && wire.hasInput()) {
            serving.loop().post(this::ready);
        }
        if (pump().mayWake() || wire.mayWake() || (alarm == null && config().idleNanos() > 0)) {
            setAlarm();
        }
        rest();
    }

    /** Gives up a pump that holds nothing, so that an idle connection takes less memory. */
    private void rest() {
        ConnectionPump mine = pump();
        if (serving.takesBack(mine)) {
            hasSent |= mine.hasSent();
            pump = null;
        }
    }

    private ConnectionPump pump() {
        ConnectionPump mine = pump;
        if (mine == null) {
            mine = serving.pump(wire.bytes(channel()), reporter, this);
            pump = mine;
        }
        return mine;
    }

    /** Sets the alarm for the next deadline, if there is one. An earlier alarm stays, and does nothing when it goes off. */
    private void setAlarm() {
        long now = System.nanoTime();
        long idle = config().idleNanos();
        long left = idle > 0 ? Math.max(1, lastMoved + idle - now) : Verdict.NEVER;
        if (!serving.isFrozen()) {
            left = Math.min(left, Math.min(pump().untilWake(now), wire.untilWake(now)));
        }
        if (left != Verdict.NEVER) {
            alarm = serving.loop().alarms().sooner(alarm, now + left, this);
        }
    }

    /** Ends only this connection. An {@link IOException} means that it was lost, for example by an RST of the client. */
    private void fail(Throwable failure) {
        if (!isOpen()) {
            return; // a callback closed the server, and with it this connection
        }
        try {
            if (failure instanceof IOException lost) {
                if (pump != null) {
                    pump.ends(wire.lost(lost), null);
                }
                lose(lost);
                return;
            }
            String warning = HostAndPort.warning("reset ", number, channel(), " after an exception: ");
            end(false, Cause.FAILED, FAILED);
            serving.context().warnings().warn(warning, failure);
        } catch (Throwable worse) { // where memory is short, even a report may fail
            if (isOpen()) {
                release(0, Cause.FAILED, FAILED);
            }
        }
    }

    /** Ends a connection that was lost, or whose wire has failed. */
    private void lose(IOException failure) throws IOException {
        Cause cause = wire.by(failure) == Ending.Side.CLIENT ? Cause.LOST : Cause.SERVER;
        String why = wire.why(failure);
        if (!wire.endsWithFin(failure)) {
            end(false, cause, why);
            return;
        }
        long now = System.nanoTime();
        Due last = new Due(true, cause, why, true, now + SocketChannels.LAST_FIN_NANOS);
        due = last;
        awaitFinalFin(now, last);
    }

    /** Drops what the client still sends. At its FIN, or after some time, ends the connection. */
    private void awaitFinalFin(long now, Due last) {
        if (!last.awaitsFin || !isOpen()) {
            return;
        }
        boolean isOver = now - last.deadline >= 0;
        int linger = isOver ? 0 : -1;
        try {
            if (!last.hasSentFin && wire.mayEnd(false)) {
                last.hasSentFin = true;
                channel().shutdownOutput();
            }
            isOver |= SocketChannels.dropInput(channel());
        } catch (IOException reset) {
            isOver = true;
        } catch (Throwable failed) {
            fail(failed);
            return;
        }
        if (isOver) {
            end(linger, true, last.cause, last.why);
            return;
        }
        int writes = last.hasSentFin ? 0 : wire.interest(0) & SelectionKey.OP_WRITE;
        key.interestOps(writes | SelectionKey.OP_READ);
        long left = last.hasSentFin ? Verdict.NEVER : wire.untilWake(now);
        long wake = Math.min(last.deadline - now, left);
        alarm = serving.loop().alarms().sooner(alarm, now + wake, this);
    }

    /** Sends a FIN even if not everything was echoed. Drains the input, since unread bytes turn the close into an RST. */
    private void closeEarly(String why) {
        try {
            endOutput(why);
            if (isAskedByWire) {
                SocketChannels.dropInput(channel());
            } else {
                pump().drain();
            }
        } catch (IOException lost) {
            fail(lost);
        }
    }

    /**
     * Ends the connection once the client's kernel has all that was sent: an RST, also one in answer to later bytes of the
     * client, makes the kernel discard unsent bytes. After the FINs of both sides the kernel sends no RST. It may have
     * forgotten the socket then, but delivers the bytes that it still has.
     */
    private void endWhenSent(boolean clean, String why) throws IOException {
        if (!isOpen()) {
            return;
        }
        if (isHalfClosed) {
            pump().drain();
        }
        boolean mayLose = (hasSent || pump().hasSent() || wire.hasSent()) && !(clean && pump().inputEnded());
        if (pump().inputEnded() && isHalfClosed) {
            pump().release(clean, why);
            end(-1, clean, Cause.SERVER, why);
        } else if (!mayLose || !serving.unsentBytes().await(this, channel())) {
            end(clean, Cause.SERVER, why);
        } else {
            due = new Due(clean, Cause.SERVER, why, false, 0);
            key.interestOps(0);
            serving.loop().alarms().cancel(alarm);
            pump().release(clean, why);
        }
    }

    @Override
    public boolean isWaiting() {
        return isOpen() && due != null && !due.awaitsFin;
    }

    @Override
    public void endWaited() {
        Due how = due;
        if (how != null) {
            try {
                end(how.clean, how.cause, how.why);
            } catch (Throwable failed) {
                fail(failed);
            }
        }
    }

    private void endOutput(String why) throws IOException {
        if (reporter != null) {
            reporter.sending();
        }
        wire.endOutput(channel());
        if (reporter != null) {
            reporter.outputEnded(why);
        }
    }

    /**
     * Closes the socket, with a FIN if the end is clean and otherwise with an RST, and then reports the end. The selector
     * releases the socket when it runs next, so that a callback that blocks delays an RST.
     */
    private void end(boolean clean, Cause cause, String why) {
        end(clean ? -1 : 0, clean, cause, why);
    }

    private void end(int linger, boolean clean, Cause cause, String why) {
        if (!isOpen()) {
            return; // a callback closed the server, and with it this connection
        }
        ConnectionReporter unreported = awaitsHeader() ? reporter : null;
        release(linger, cause, why);
        try {
            if (unreported != null) {
                unreported.accepted();
            }
        } finally {
            Ending.How how = clean ? Ending.How.FIN : Ending.How.RST;
            serving.context().reportEnd(number, channel(), reporter, cause, how, why);
        }
        if (pump != null) {
            pump.ended(why);
        }
    }

    private void release(int linger, Cause cause, String why) {
        SocketChannels.linger(channel(), linger);
        serving.loop().close(key);
        serving.loop().alarms().cancel(alarm);
        serving.context().counts().ends(cause);
        try {
            wire.release();
        } finally {
            serving.release(pump, linger != 0, why);
        }
    }

    @Override
    public void applying(Fault fault) {
        if (reporter != null) {
            reporter.applying(fault);
        }
    }

    @Override
    public @Nullable TlsUpgrade upgrade() {
        return wire.upgrade();
    }

    private ServerConfig config() {
        return serving.context().config();
    }

    private boolean isOpen() {
        return key.isValid();
    }

    @Override
    public SocketChannel channel() {
        return (SocketChannel) key.channel();
    }

    /** A connection that begins with the header of a proxy. Until that has come, nothing is served. */
    private static final class Proxied extends ServerConnection {
        private final HeaderInput header;
        private FaultPlan.@Nullable Place planned; // for the connection, until the header has come

        private Proxied(
                ServingLoop serving,
                SocketChannel channel,
                long number,
                @Nullable ConnectionReporter reporter,
                HeaderVersion required)
                throws IOException {
            super(serving, channel, number, reporter);
            long idle = serving.context().config().idleNanos();
            header = new HeaderInput(channel, required, idle, System.nanoTime());
        }

        /** Returns one as a ServerConnection, so that the JVM loads this class only for servers with the option. */
        static ServerConnection of(
                ServingLoop serving,
                SocketChannel channel,
                long number,
                @Nullable ConnectionReporter reporter,
                HeaderVersion required)
                throws IOException {
            return new Proxied(serving, channel, number, reporter, required);
        }

        @Override
        void start(FaultPlan.@Nullable Place first) {
            planned = first;
            goOn();
        }

        @Override
        boolean awaitsHeader() {
            return !header.isOver();
        }

        @Override
        void turn(boolean isReady) {
            if (!awaitsHeader() || !super.isOpen()) {
                super.turn(isReady);
                return;
            }
            try {
                readHeader();
            } catch (Throwable failed) {
                super.fail(failed);
            }
        }

        /** Reads what has come. When the header is complete, starts to serve; if it is wrong, resets the connection. */
        private void readHeader() throws IOException {
            SelectionKey key = super.key;
            Alarms alarms = super.serving.loop().alarms();
            if (super.serving.isFrozen()) {
                key.interestOps(0);
                return;
            }
            long now = System.nanoTime();
            if (!header.advance(now)) {
                key.interestOps(SelectionKey.OP_READ);
                super.alarm = alarms.sooner(super.alarm, now + header.untilLate(now), this);
                return;
            }
            alarms.cancel(super.alarm);
            super.alarm = null;
            key.interestOps(SelectionKey.OP_READ);
            ProxyHeader complete = header.header();
            ConnectionReporter reporter = super.reporter;
            if (complete == null) {
                endWithoutHeader(reporter);
                return;
            }
            if (reporter != null) {
                reporter.proxied(remote(), local(), channel().getRemoteAddress(), number(), complete.toString());
            }
            if (super.isOpen()) { // otherwise, a callback closed it
                super.serve(planned);
            }
        }

        private void endWithoutHeader(@Nullable ConnectionReporter reporter) {
            if (reporter != null) {
                reporter.accepted();
            }
            if (!super.isOpen()) {
                return; // a callback closed it
            }
            if (header.expected().isEmpty()) {
                if (reporter != null) {
                    reporter.inputEnded();
                }
                super.end(true, Cause.SERVER, "");
                return;
            }
            ScriptProblem problem = new ScriptProblem(
                    number(), ScriptProblem.Kind.HEADER, HeaderInput.NAME, header.expected(), header.seen(), false);
            if (reporter != null) {
                reporter.mismatch(problem.what());
            }
            Objects.requireNonNull(super.serving.context().problems()).add(problem);
            super.end(false, Cause.SERVER, problem.what());
        }

        @Override
        public void alarm(long now) {
            if (awaitsHeader()) {
                super.alarm = null;
                turn(false);
            } else {
                super.alarm(now);
            }
        }

        @Override
        void endNow(boolean clean, String why) {
            if (!awaitsHeader()) {
                super.endNow(clean, why);
                return;
            }
            try {
                if (clean) {
                    SocketChannels.dropInput(channel()); // a close with unread bytes would send an RST
                }
                super.end(clean, Cause.SERVER, why);
            } catch (Throwable failed) {
                super.fail(failed);
            }
        }

        @Override
        void refreeze() {
            header.restart(System.nanoTime());
            super.refreeze();
        }

        @Override
        void change(FaultPlan.Place other) {
            if (super.isOpen() && awaitsHeader()) {
                planned = other;
            } else {
                super.change(other);
            }
        }

        @Override
        public SocketAddress remote() throws IOException {
            return header.clientOr(super.remote());
        }

        @Override
        public SocketAddress local() throws IOException {
            return header.serverOr(super.local());
        }

        @Override
        public boolean isOfProxy() {
            return header.isLocal();
        }
    }
}
