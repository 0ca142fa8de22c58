package org.echoharness.junit;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoServer;

/**
 * The sessions that the tests of this JVM have with servers of other processes. A server has one session at a time, and the
 * session of an inner scope is one of the session of the scope around it.
 */
final class ExternalSessions {

    /** How long a test waits for another one that uses the server: of this JVM, or of another. */
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private static final List<Open> OPEN = new ArrayList<>(); // guarded by itself; the innermost last

    /** The turns of the tests of this JVM, for each server or session: its interface lets only some requests wait. */
    private static final Map<Object, Semaphore> TURNS = new ConcurrentHashMap<>();

    private record Open(EchoServer session, String server, ScopePath scope, Semaphore turn) {}

    private ExternalSessions() {}

    /**
     * Starts a session.
     *
     * @param options the words of the options that it has in place of those of the server, with their texts
     */
    static EchoServer open(ExternalControl control, String name, ScopePath scope, Map<String, String> options)
            throws IOException {
        String server = control.uri() + name;
        EchoServer host = null;
        synchronized (OPEN) {
            for (Open each : OPEN) {
                if (each.server().equals(server) && scope.isInside(each.scope())) {
                    host = each.session();
                }
            }
        }
        Semaphore turn = TURNS.computeIfAbsent(host != null ? host : server, unused -> new Semaphore(1, true));
        await(turn, name, control);
        EchoServer session = null;
        try {
            session = (host != null ? host : control.connect(name)).session(options, LONGEST);
        } finally {
            if (session == null) {
                turn.release();
            }
        }
        synchronized (OPEN) {
            OPEN.add(new Open(session, server, scope, turn));
        }
        return session;
    }

    private static void await(Semaphore turn, String name, ExternalControl control) throws IOException {
        try {
            if (!turn.tryAcquire(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("another test has used the external server \"" + name + "\" of "
                        + control.uri() + " for " + LONGEST.toSeconds()
                        + "s; let JUnit run them one after the other, with @ResourceLock");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the external server \"" + name + "\"");
        }
    }

    /** Ends a session, and lets the next test have its turn. */
    static void close(EchoServer session) {
        Semaphore turn = null;
        synchronized (OPEN) {
            for (Open each : List.copyOf(OPEN)) {
                if (each.session() == session) {
                    OPEN.remove(each);
                    turn = each.turn();
                }
            }
        }
        TURNS.remove(session);
        try {
            session.close();
        } finally {
            if (turn != null) {
                turn.release();
            }
        }
    }
}
