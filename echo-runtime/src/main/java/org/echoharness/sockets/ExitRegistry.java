package org.echoharness.sockets;

import java.io.Closeable;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is closed when the JVM exits or a signal ends it, unless it is closed before. It has a shutdown hook as long as it
 * holds something. Any thread may call the methods.
 */
final class ExitRegistry<T extends Closeable> {

    /** Makes what the registry is to hold. */
    interface Maker<T> {
        T make() throws IOException;
    }

    private final String name;
    private final Set<T> open = new HashSet<>();
    private @Nullable Thread hook;
    private boolean isOver;

    /** @param name of the thread that closes */
    ExitRegistry(String name) {
        this.name = name;
    }

    /**
     * Makes one more. The hook is there first, so that a signal leaves nothing at any moment.
     *
     * @throws IllegalStateException if the JVM exits already
     */
    synchronized T add(Maker<T> maker) throws IOException {
        if (isOver) {
            throw new IllegalStateException("the JVM exits");
        }
        if (hook == null) {
            Thread closing = new Thread(this::closeAll, name);
            Runtime.getRuntime().addShutdownHook(closing);
            hook = closing;
        }
        try {
            T made = maker.make();
            open.add(made);
            return made;
        } finally {
            removeUnusedHook();
        }
    }

    synchronized void remove(T closed) {
        open.remove(closed);
        removeUnusedHook();
    }

    private void removeUnusedHook() {
        if (hook == null || !open.isEmpty()) {
            return;
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
            hook = null;
        } catch (IllegalStateException exiting) {
            isOver = true; // the hook runs
        }
    }

    synchronized boolean has(Predicate<T> wanted) {
        return open.stream().anyMatch(wanted);
    }

    private synchronized List<T> last() {
        isOver = true;
        return List.copyOf(open);
    }

    private void closeAll() {
        for (T each : last()) { // without the lock, since one may be held by a thread that waits for this one's
            try {
                each.close();
            } catch (IOException left) {
                // the JVM exits, so that the error cannot be reported
            }
        }
    }
}
