package org.echoharness.loop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.echoharness.sockets.SocketLooks;
import org.echoharness.sockets.SocketTable;
import org.echoharness.sockets.StartupClasses;
import org.jspecify.annotations.Nullable;

/**
 * Ends connections of one event loop as soon as the client's kernel has acknowledged all that was sent, because an RST
 * discards the rest. {@link SocketLooks} looks at the system's list of sockets once for all of them, on a thread of its
 * own. The loop's thread calls it.
 */
public final class UnsentBytes implements EventLoopHandler, SocketLooks.Asker, Runnable {

    private static final long MILLI = 1_000_000;
    private static final long SHORTEST_PAUSE = MILLI;
    private static final long LONGEST_PAUSE = 20 * MILLI;
    private static final long LATE = 1_000 * MILLI; // how often MOST is checked while a look takes long
    private static final int REST = 3; // a pause is at least this many times as long as the look before it

    /** A connection ends at the latest after this many nanoseconds without an acknowledgement. */
    static final long MOST_WITHOUT_PROGRESS = 3_000 * MILLI;

    /** A connection ends at the latest after this many nanoseconds. */
    static final long MOST = 30_000 * MILLI;

    private static final int MOST_MISSING = 3; // a socket may be left out of a list that changes while it is read

    private static final boolean IS_KNOWN = SocketTable.isReadable();

    private static volatile boolean loaded;

    /** A connection that is to end. The loop's thread calls it. */
    public interface Waiter {

        /** Returns whether the connection is open and still waits for its end. */
        boolean isWaiting();

        /** Ends the connection now. Must not throw. */
        void endWaited();
    }

    /** One connection that waits. */
    static final class Wait {
        private final Waiter waiter;
        private final long since;
        private long progress; // when bytes were acknowledged last
        private long left = Long.MAX_VALUE;
        private int missing; // looks without a trace of the socket

        private Wait(Waiter waiter, long now) {
            this.waiter = waiter;
            since = now;
            progress = now;
        }

        private boolean isOver(@Nullable Long unacknowledged, long now) {
            if (unacknowledged == null) {
                return ++missing >= MOST_MISSING;
            }
            missing = 0;
            if (unacknowledged < left) {
                left = unacknowledged;
                progress = now;
            }
            return left == 0 || now - progress >= MOST_WITHOUT_PROGRESS || now - since >= MOST;
        }
    }

    /** Passes the result of a look to the loop's thread. */
    final class Answer implements Runnable {
        private final @Nullable Map<String, Long> found;
        private final long began;
        private final long nanos;

        Answer(@Nullable Map<String, Long> found, long began, long nanos) {
            this.found = found;
            this.began = began;
            this.nanos = nanos;
        }

        @Override
        public void run() {
            if (loop.isCurrent()) { // it has not ended
                answered(found, began, nanos);
            }
        }
    }

    private final EventLoop loop;
    private final Map<String, Wait> waits = new HashMap<>(); // by the socket's name in the list
    private Map<String, Wait> looking = Map.of(); // those that the current look is for
    private Alarms.@Nullable Alarm alarm;
    private long pause = SHORTEST_PAUSE;
    private long looked; // how long the last look took

    public UnsentBytes(EventLoop loop) {
        this.loop = loop;
        loop.atEnd(this);
    }

    /** Loads the classes that a wait needs: they cannot be loaded when no file descriptor is left. */
    public static void load() {
        if (IS_KNOWN && !loaded) {
            loaded = true;
            StartupClasses.load(Wait.class, Answer.class);
            SocketLooks.load();
        }
    }

    /**
     * Calls {@link Waiter#endWaited} when all is acknowledged or {@link #MOST_WITHOUT_PROGRESS} or {@link #MOST} has passed.
     * Returns false if this system has no list of sockets, and for a Unix socket: the client has already what was sent.
     */
    public boolean await(Waiter waiter, SocketChannel channel) throws IOException {
        if (!IS_KNOWN || !(channel.getLocalAddress() instanceof InetSocketAddress local)) {
            return false;
        }
        String name = SocketTable.name(local, (InetSocketAddress) channel.getRemoteAddress());
        long now = System.nanoTime();
        waits.put(name, new Wait(waiter, now));
        pause = SHORTEST_PAUSE;
        if (looking.isEmpty()) {
            setAlarm(now + Math.max(pause, REST * looked));
        }
        return true;
    }

    private void setAlarm(long at) {
        alarm = loop.alarms().sooner(alarm, at, this);
    }

    @Override
    public void alarm(long now) {
        alarm = null;
        waits.values().removeIf(wait -> !wait.waiter.isWaiting());
        if (waits.isEmpty()) {
            return;
        }
        if (looking.isEmpty() && SocketLooks.ask(this, waits.keySet())) {
            looking = Map.copyOf(waits);
        } else if (looking.isEmpty()) {
            end(List.copyOf(waits.keySet()));
            return;
        } else {
            end(waits.keySet().stream()
                    .filter(name -> now - at(name).since >= MOST)
                    .toList());
        }
        setAlarm(now + LATE);
    }

    @Override
    public void looked(@Nullable Map<String, Long> found, long began, long nanos) {
        loop.post(new Answer(found, began, nanos));
    }

    /** Uses the time when the look began: on a busy machine the result may come seconds later. */
    private void answered(@Nullable Map<String, Long> found, long began, long nanos) {
        looked = nanos;
        pause = Math.min(2 * pause, LONGEST_PAUSE);
        long now = System.nanoTime();
        List<String> over = new ArrayList<>();
        for (Map.Entry<String, Wait> entry : looking.entrySet()) {
            String name = entry.getKey();
            Wait wait = entry.getValue();
            if (waits.get(name) == wait && (found == null || wait.isOver(found.get(name), began))) {
                over.add(name);
            }
        }
        looking = Map.of();
        loop.alarms().cancel(alarm);
        alarm = null;
        if (waits.size() > over.size()) {
            setAlarm(now + Math.max(pause, REST * looked));
        }
        end(over);
    }

    private Wait at(String name) {
        return Objects.requireNonNull(waits.get(name));
    }

    private void end(List<String> over) {
        List<Waiter> waiters =
                over.stream().map(this::at).map(wait -> wait.waiter).toList();
        waits.keySet().removeAll(over);
        for (Waiter waiter : waiters) {
            if (waiter.isWaiting()) {
                waiter.endWaited();
            }
        }
    }

    /** Called when the loop has ended. */
    @Override
    public void run() {
        SocketLooks.leave(this);
    }

    @Override
    public void ready() {
        throw new AssertionError("it has no socket");
    }

    @Override
    public void abort() {
        throw new AssertionError("it has no socket");
    }
}
