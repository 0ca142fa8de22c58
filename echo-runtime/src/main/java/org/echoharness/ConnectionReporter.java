package org.echoharness;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Tells what happens on one connection to whoever wants to know: the listener of the conversation, the recorder. On the
 * thread of the connection's event loop; what a listener throws goes through. A server that tells nobody has none.
 */
final class ConnectionReporter {

    private final @Nullable Conversation conversation;
    private final @Nullable ConnectionRecorder tape;
    private final String peer;
    private long sendingSince;

    ConnectionReporter(@Nullable Conversation conversation, @Nullable ConnectionRecorder tape, String peer) {
        this.conversation = conversation;
        this.tape = tape;
        this.peer = peer;
    }

    void accepted() {
        if (conversation != null) {
            conversation.connectionFrom(peer);
        }
    }

    void received(ByteBuffer bytes) {
        if (tape != null) {
            tape.recorder().received(tape, bytes);
        }
        if (conversation != null) {
            conversation.receivedFrom(peer, bytes);
        }
    }

    void inputEnded() {
        note(RecordedEvent.Kind.CLIENT_FIN, "");
        if (conversation != null) {
            conversation.noDataFrom(peer);
        }
    }

    /** Bytes were read, or the end, to which there is no answer any more. */
    void drained(ByteBuffer bytes, boolean atEnd) {
        if (tape != null && bytes.hasRemaining()) {
            tape.recorder().received(tape, bytes);
        }
        if (atEnd) {
            note(RecordedEvent.Kind.CLIENT_FIN, "");
        }
    }

    /** Something is about to be sent. */
    void sending() {
        sendingSince = tape == null ? 0 : System.nanoTime();
    }

    /** How many of the bytes that are sent next it wants to see. */
    int wants() {
        return tape == null ? 0 : tape.roomForSent();
    }

    /** So many bytes were sent; these are the first of them, as many as are wanted, and perhaps some that were not. */
    void sent(ByteBuffer bytes, int count) {
        if (count == 0) {
            return;
        }
        if (tape != null) {
            tape.recorder().sent(tape, bytes, count, sendingSince);
        }
        if (conversation != null) {
            conversation.sendingBack(peer, count);
        }
    }

    void outputEnded(String why) {
        if (tape != null) {
            tape.recorder().note(tape, RecordedEvent.Kind.SERVER_FIN, why, sendingSince);
        }
    }

    void applying(Fault fault) {
        if (tape != null) {
            tape.recorder().applying(tape, fault);
        }
        if (conversation != null) {
            conversation.applying(fault, peer);
        }
    }

    /** The connection has ended. It is recorded before the callback of the conversation, whose exception goes through. */
    void ended(Ending.Side by, Ending.How how, String why, boolean failed) {
        if (tape != null) {
            tape.recorder().end(tape, by, how, why, failed);
        }
        if (conversation != null && !why.isEmpty()) {
            conversation.lost(peer, why);
        }
    }

    /** It was accepted, and reset before anything else. */
    void neverServed(String why, boolean failed) {
        if (tape != null) {
            tape.recorder().end(tape, Ending.Side.SERVER, Ending.How.RST, why, failed);
        }
    }

    private void note(RecordedEvent.Kind kind, String detail) {
        if (tape != null) {
            tape.recorder().note(tape, kind, detail, System.nanoTime());
        }
    }
}
