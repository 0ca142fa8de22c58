package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop that are to end as soon as the client's kernel has acknowledged all that was sent: an
 * RST throws away the rest. One look at the system's list of sockets is for all of them. The loop's thread calls it.
 */
final class UnsentBytes implements Served {

    private static final long MILLI = 1_000_000;
    private static final long SHORTEST_PAUSE = MILLI;
    private static final long LONGEST_PAUSE = 20 * MILLI;
    private static final int REST = 3; // a pause is at least this many times as long as the look before it

    /** Nanoseconds without an acknowledgement, and in all, after which a connection ends all the same. */
    static final long MOST_WITHOUT_PROGRESS = 3_000 * MILLI;

    static final long MOST = 30_000 * MILLI;

    private static final int MOST_MISSING = 3; // a socket may be left out of a list that changes while it is read

    private static final boolean IS_KNOWN = SocketTable.isReadable();

    private static volatile boolean loaded;

    /** One connection that waits. */
    static final class Wait {
        private final Connection connection;
        private final long since;
        private long progress; // when bytes were acknowledged last
        private long left = Long.MAX_VALUE;
        private int missing; // looks without a trace of the socket

        private Wait(Connection connection, long now) {
            this.connection = connection;
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

    private final EventLoop loop;
    private final Map<String, Wait> waits = new HashMap<>(); // by name in the list
    private Alarms.@Nullable Alarm alarm;
    private long pause = SHORTEST_PAUSE;
    private long looked; // how long the last look took

    UnsentBytes(EventLoop loop) {
        this.loop = loop;
    }

    /** Looks once, for the sake of the classes that this takes: without a file descriptor left they cannot be loaded. */
    static void load() {
        if (IS_KNOWN && !loaded) {
            loaded = true;
            InetSocketAddress any = new InetSocketAddress(0);
            try {
                SocketTable.unacknowledged(Set.of(SocketTable.name(any, any)));
            } catch (IOException unknown) {
                // then a connection that ends does not wait
            }
        }
    }

    /** Calls the connection's {@link Connection#endWaited} soon. False where it cannot be known what is not sent yet. */
    boolean await(Connection connection, SocketChannel channel) throws IOException {
        if (!IS_KNOWN) {
            return false;
        }
        String name = SocketTable.name(
                (InetSocketAddress) channel.getLocalAddress(), (InetSocketAddress) channel.getRemoteAddress());
        long now = System.nanoTime();
        waits.put(name, new Wait(connection, now));
        pause = SHORTEST_PAUSE;
        setAlarm(now);
        return true;
    }

    private void setAlarm(long now) {
        long at = now + Math.max(pause, REST * looked);
        if (alarm == null || alarm.isAfter(loop.alarms(), at)) {
            if (alarm != null) {
                loop.alarms().cancel(alarm);
            }
            alarm = loop.alarms().set(at, this);
        }
    }

    @Override
    public void alarm(long now) {
        alarm = null;
        waits.values().removeIf(wait -> !wait.connection.isWaiting());
        if (waits.isEmpty()) {
            return;
        }
        Map<String, Long> found;
        try {
            found = SocketTable.unacknowledged(waits.keySet());
        } catch (IOException | RuntimeException | LinkageError unknown) {
            found = null; // no file descriptor is left, say
        }
        long after = System.nanoTime();
        looked = after - now;
        pause = Math.min(2 * pause, LONGEST_PAUSE);
        List<Connection> over = new ArrayList<>();
        for (Iterator<Map.Entry<String, Wait>> each = waits.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<String, Wait> entry = each.next();
            if (found == null || entry.getValue().isOver(found.get(entry.getKey()), after)) {
                each.remove();
                over.add(entry.getValue().connection);
            }
        }
        if (!waits.isEmpty()) {
            setAlarm(after);
        }
        over.forEach(Connection::endWaited);
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
