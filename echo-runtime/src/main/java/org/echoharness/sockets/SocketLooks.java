package org.echoharness.sockets;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the system's list of sockets for all event loops of this JVM, on a daemon thread: a look takes milliseconds where
 * there are many sockets. The thread ends a second after the last look, or with the last event loop that asked for one.
 */
public final class SocketLooks implements Runnable {

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long JOIN_MILLIS = 1_000;

    /** Asks for looks, and receives what they find. */
    public interface Asker {
        /**
         * The look is over; by its thread.
         *
         * @param found of each socket asked for, the bytes sent that the other end has not acknowledged; none of those that
         *     are not in the list; null where it could not be read
         * @param began when the look began, by {@link System#nanoTime()}; what it found is from then or later
         * @param nanos how long it took
         */
        void looked(@Nullable Map<String, Long> found, long began, long nanos);
    }

    /** The names of the sockets that an asker wants. */
    private record Look(Asker asker, Set<String> names) {}

    /** Finds sockets by their names, until it has all. */
    private static final class Search implements Predicate<SocketTable.Row> {
        private final Set<String> names;
        private final BitSet ports = new BitSet();
        private final Map<String, Long> found = new HashMap<>();

        Search(Set<String> names) {
            this.names = names;
            for (String name : names) {
                ports.set(Integer.parseInt(name, name.length() - 4, name.length(), 16));
            }
        }

        @Override
        public boolean test(SocketTable.Row row) {
            if (ports.get(row.remotePort())) { // few rows get here
                String name = row.name();
                if (names.contains(name)) {
                    found.put(name, row.unacknowledged());
                }
            }
            return found.size() < names.size();
        }
    }

    private static final SocketLooks ALL = new SocketLooks();

    private final List<Look> asked = new ArrayList<>(); // this and the next are guarded by this
    private final Set<Asker> askers = new HashSet<>();
    private @Nullable Thread thread;

    private SocketLooks() {}

    /** Looks once, for the sake of the classes that this takes: without a file descriptor left they cannot be loaded. */
    public static void load() {
        InetSocketAddress any = new InetSocketAddress(0);
        look(List.of(new Look((found, began, nanos) -> {}, Set.of(SocketTable.name(any, any)))));
    }

    /** Has the asker called soon; false where there is no memory for a thread. */
    public static boolean ask(Asker asker, Set<String> names) {
        return ALL.add(new Look(asker, Set.copyOf(names)));
    }

    /** The asker asks no more. When the last one leaves, the thread has ended at return. */
    public static void leave(Asker asker) {
        Thread ending = ALL.remove(asker);
        if (ending != null) {
            try {
                ending.join(JOIN_MILLIS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Of each of these sockets, the bytes sent that the other end has not acknowledged; none of those not found. */
    public static Map<String, Long> unacknowledged(Set<String> names) throws IOException {
        Search search = new Search(names);
        SocketTable.read(search);
        return search.found;
    }

    private synchronized boolean add(Look look) {
        if (thread == null) {
            Thread starting = new Thread(this, "echo unsent bytes");
            starting.setDaemon(true);
            try {
                starting.start();
            } catch (OutOfMemoryError none) {
                return false;
            }
            thread = starting;
        }
        asked.add(look);
        askers.add(look.asker);
        notifyAll();
        return true;
    }

    private synchronized @Nullable Thread remove(Asker asker) {
        boolean isLast = askers.remove(asker) && askers.isEmpty();
        asked.removeIf(look -> look.asker == asker);
        notifyAll();
        return isLast ? thread : null;
    }

    @Override
    public void run() {
        for (List<Look> next = next(); !next.isEmpty(); next = next()) {
            look(next);
        }
    }

    /** Those asked for meanwhile; none when the thread is to end. */
    private synchronized List<Look> next() {
        long idleSince = System.nanoTime();
        while (asked.isEmpty()) {
            long left = IDLE_NANOS - (System.nanoTime() - idleSince);
            if (left <= 0 || askers.isEmpty()) {
                thread = null;
                return List.of();
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException ignored) {
                // no code interrupts this thread
            }
        }
        List<Look> next = new ArrayList<>(asked);
        asked.clear();
        return next;
    }

    private static void look(List<Look> looks) {
        long start = System.nanoTime();
        Map<String, Long> found;
        try {
            Set<String> names = new HashSet<>();
            for (Look look : looks) {
                names.addAll(look.names);
            }
            found = unacknowledged(names);
        } catch (IOException | RuntimeException | Error unknown) {
            found = null; // no file descriptor is left, say
        }
        long took = System.nanoTime() - start;
        for (Look look : looks) {
            try {
                look.asker.looked(found, start, took);
            } catch (RuntimeException | Error failed) {
                // no memory, say; it ends its wait by itself
            }
        }
    }
}
