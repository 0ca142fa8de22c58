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
 * Looks at the system's list of sockets for all event loops of this JVM, on a daemon thread: with many sockets, a look takes
 * milliseconds. The thread ends a second after the last look, or with the last event loop that asked for one.
 */
public final class SocketLooks implements Runnable {

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long JOIN_MILLIS = 1_000;

    /** Asks for looks, and receives what they find. */
    public interface Asker {
        /**
         * Receives the result of a look, on the thread that looks.
         *
         * @param found the bytes that were sent and that the other end has not acknowledged, for each socket asked for; a
         *     socket that is not in the list has no entry; null if the list could not be read
         * @param began when the look began, by {@link System#nanoTime()}; the result is from then or later
         * @param nanos how long the look took
         */
        void looked(@Nullable Map<String, Long> found, long began, long nanos);
    }

    /** The names of the sockets that an asker wants. */
    private record Look(Asker asker, Set<String> names) {}

    /** Finds sockets by their names, and stops when it has found all. */
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

    private final List<Look> asked = new ArrayList<>(); // this and the next two are guarded by this
    private final Set<Asker> askers = new HashSet<>();
    private @Nullable Thread thread;

    private SocketLooks() {}

    /** Looks once, to load the classes that a look needs: they cannot be loaded when no file descriptor is left. */
    public static void load() {
        InetSocketAddress any = new InetSocketAddress(0);
        look(List.of(new Look((found, began, nanos) -> {}, Set.of(SocketTable.name(any, any)))));
    }

    /** Asks for a look, whose result the asker receives soon. Returns false if there is no memory for a thread. */
    public static boolean ask(Asker asker, Set<String> names) {
        return ALL.add(new Look(asker, Set.copyOf(names)));
    }

    /** Removes an asker and its requests. If it was the last one, waits up to a second for the thread to end. */
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

    /** Returns the bytes that the other end of each socket has not acknowledged. A socket not found has no entry. */
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

    /** Waits for requests and returns them. Returns an empty list when the thread is to end. */
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
            found = null; // for example, no file descriptor is left
        }
        long took = System.nanoTime() - start;
        for (Look look : looks) {
            try {
                look.asker.looked(found, start, took);
            } catch (RuntimeException | Error failed) {
                // for example, memory is short; the asker ends its wait by itself
            }
        }
    }
}
