package org.echoharness.replay;

import java.util.Iterator;
import java.util.function.Consumer;

/**
 * What a client and a server did on one connection, in order.
 *
 * @param events what happened; each iteration makes them anew, since all together may need much memory
 * @param eventsLeftOut how many events came after these and are not kept
 * @param hasEnded whether the connection has ended
 */
public record Session(Iterable<SessionEvent> events, long eventsLeftOut, boolean hasEnded) {

    /** That no pause is long enough to be kept. */
    static final long NO_PAUSES = Long.MAX_VALUE;

    /**
     * What one side did before the other side did something.
     *
     * @param pause the nanoseconds between the event before it and its first
     */
    record Turn(SessionEvent.Kind kind, String bytes, long missing, long pause) {

        private boolean isJoinedBy(SessionEvent next, long nextPause, long leastPause) {
            boolean isSame = kind.hasBytes() && next.kind() == kind;
            boolean isPaused = kind == SessionEvent.Kind.SENT && nextPause >= leastPause;
            return isSame && !isPaused && (missing == 0 || next.bytes().isEmpty());
        }
    }

    /** Returns whether nothing was said in clear text before a TLS handshake. */
    boolean beginsWithTls() {
        Iterator<SessionEvent> first = events.iterator();
        return first.hasNext() && first.next().kind() == SessionEvent.Kind.HANDSHAKE;
    }

    /**
     * Joins the bytes of one side, if the other side did nothing between them. Leaves out events after an RST.
     *
     * @param leastPause the pause in nanoseconds after which bytes of the server are not joined with those before
     * @param to gets the turns one by one
     */
    void turns(long leastPause, Consumer<Turn> to) {
        StringBuilder bytes = new StringBuilder();
        Turn open = null;
        long before = 0;
        for (SessionEvent event : events) {
            long pause = event.nanos() - before;
            before = event.nanos();
            if (open != null && open.isJoinedBy(event, pause, leastPause)) {
                bytes.append(event.bytes());
                open = new Turn(open.kind(), "", open.missing() + event.missing(), open.pause());
                continue;
            }
            if (open != null) {
                to.accept(new Turn(open.kind(), bytes.toString(), open.missing(), open.pause()));
            }
            bytes.setLength(0);
            bytes.append(event.bytes());
            open = new Turn(event.kind(), "", event.missing(), pause);
            if (event.kind().isRst()) {
                break;
            }
        }
        if (open != null) {
            to.accept(new Turn(open.kind(), bytes.toString(), open.missing(), open.pause()));
        }
    }
}
