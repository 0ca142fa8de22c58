package org.echoharness.junit;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.echoharness.EchoServer;

/**
 * The sessions that the tests of this JVM have with servers of other processes. A server has one session at a time, and the
 * session of an inner scope is one of the session of the scope around it.
 */
final class ExternalSessions {

    /** How long a test waits for another one that uses the server: of this JVM, or of another. */
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private static final List<Open> OPEN = new ArrayList<>(); // guarded by itself; the innermost last

    private record Open(EchoServer session, String server, ScopePath scope) {}

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
        EchoServer session = (host != null ? host : control.connect(name)).session(options, LONGEST);
        synchronized (OPEN) {
            OPEN.add(new Open(session, server, scope));
        }
        return session;
    }

    /** Ends a session. */
    static void close(EchoServer session) {
        synchronized (OPEN) {
            OPEN.removeIf(each -> each.session() == session);
        }
        session.close();
    }
}
