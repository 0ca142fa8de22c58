package org.echoharness;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.memory.RingBuffer;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * Reports what happens on one connection of a server or a client: to the recorder, and then to the callback of the
 * conversation. The thread on which the event happens calls it; an exception of the callback reaches that thread. A
 * connection that is neither recorded nor printed has no reporter.
 */
final class ConnectionReporter {

    /** How many bytes a line needs: those that it shows, and enough to see that there are more. */
    private static final int PRINTED = Escaping.SHOWN + 8;

    private final @Nullable Conversation conversation;
    private final @Nullable ConnectionRecorder recorder;
    private String name; // of the other end, in the lines; empty if it has none
    private @Nullable InetSocketAddress remote; // in place of a name, whose text each idle connection would keep
    private boolean answers;
    private long sendingSince;
    private @Nullable ConnectionReporter upstream; // of a relay
    private @Nullable List<String> unprinted; // about TLS

    /** @param peer how the lines name the other end; empty for a client, whose lines do not name it */
    ConnectionReporter(@Nullable Conversation conversation, @Nullable ConnectionRecorder recorder, String peer) {
        this(conversation, recorder, peer, null);
    }

    private ConnectionReporter(
            @Nullable Conversation conversation,
            @Nullable ConnectionRecorder recorder,
            String name,
            @Nullable InetSocketAddress remote) {
        this.conversation = conversation;
        this.recorder = recorder;
        this.name = name;
        this.remote = remote;
    }

    /** Returns a reporter whose lines name the other end by its address. */
    static ConnectionReporter of(
            @Nullable Conversation conversation, @Nullable ConnectionRecorder recorder, InetSocketAddress remote) {
        return new ConnectionReporter(conversation, recorder, "", remote);
    }

    private String peer() {
        return remote == null ? name : HostAndPort.of(remote).toString();
    }

    /** Returns the recorder, for a client, which records its reads and writes in order: see {@link RecordedChannel}. */
    @Nullable
    ConnectionRecorder recorder() {
        return recorder;
    }

    /**
     * Returns a reporter for the connection to the server behind a relay, which has just been made for this one.
     *
     * @param peer the address of that server
     */
    ConnectionReporter upstream(SocketChannel channel, String peer) {
        String name = "upstream ".concat(peer);
        ConnectionReporter leg =
                new ConnectionReporter(conversation, recorder == null ? null : recorder.upstream(channel), name);
        leg.answers = true;
        answers = true;
        upstream = leg;
        if (conversation != null) {
            conversation.connected(name, HostAndPort.localOf(channel), peer());
        }
        return leg;
    }

    /** Records how the connection to the server behind a relay has ended, unless that is known. */
    void upstreamEnded(Ending.Side by, Ending.How how, String why) {
        printTls();
        if (recorder != null) {
            recorder.ended(by, how, why, false);
        }
    }

    /** Records something that is neither bytes nor an end. */
    void note(String what) {
        if (recorder != null) {
            recorder.note(RecordedEvent.Kind.NOTE, what, System.nanoTime());
        }
    }

    /**
     * Called when the header of a proxy has come, before {@link #accepted}.
     *
     * @param client the address of the client, and {@code server} the one that it has connected to
     * @param proxy the other end of the socket
     * @param what the header in words
     */
    void proxied(SocketAddress client, SocketAddress server, SocketAddress proxy, long number, String what) {
        String note = "PROXY header, " + what + ", from " + HostAndPort.text(proxy);
        name = HostAndPort.peer(client, server, number);
        remote = null;
        if (recorder != null) {
            recorder.proxied(client, server, proxy, note);
        }
        if (conversation != null) {
            conversation.print(note);
        }
    }

    /** Called if the server does not send back what it receives, but answers it. */
    void answers() {
        answers = true;
    }

    void accepted() {
        if (conversation != null) {
            conversation.connectionFrom(peer());
        }
    }

    void received(ByteBuffer bytes) {
        if (recorder != null) {
            recorder.received(bytes);
        }
        printReceived(bytes);
    }

    /** Prints bytes that were received and are recorded already. */
    void printReceived(ByteBuffer bytes) {
        if (conversation != null) {
            printTls();
            conversation.received(bytes, peer());
        }
    }

    void inputEnded() {
        if (recorder != null) {
            recorder.inputEnded();
        }
        if (conversation != null) {
            printTls();
            conversation.noDataFrom(peer());
        }
    }

    /** Records bytes, or the end of the input, that were read but that the server no longer answers. */
    void drained(ByteBuffer bytes, boolean atEnd) {
        if (recorder != null && bytes.hasRemaining()) {
            recorder.received(bytes);
        }
        if (recorder != null && atEnd) {
            recorder.inputEnded();
        }
    }

    /** Called when the next bytes, or the FIN, are about to be sent. */
    void sending() {
        sendingSince = recorder == null ? 0 : System.nanoTime();
    }

    /**
     * Called when bytes of a ring are about to be sent. Returns a copy of those to be passed to {@link #sent}, since the ring
     * drops them when they are sent.
     */
    ByteBuffer sending(RingBuffer from, int offset, int count) {
        sending();
        return from.copy(offset, Math.min(count, wants()));
    }

    /** Called when a client is about to send its message, or a piece of it. */
    void printSending(ByteBuffer message) {
        if (conversation != null) {
            printTls();
            conversation.sending(message);
        }
    }

    /** Returns how many of the next bytes sent are to be passed to {@link #sent}. */
    int wants() {
        int recorded = recorder == null ? 0 : recorder.roomForSent();
        return isPrintingSent() ? Math.max(recorded, PRINTED) : recorded;
    }

    /** Returns whether the conversation has the bytes that are sent, and not only how many there are. */
    private boolean isPrintingSent() {
        return conversation != null && answers;
    }

    /**
     * Reports bytes that were sent.
     *
     * @param first the first of them, as many as {@link #wants} returned, and perhaps some that were not sent
     * @param count how many were sent
     */
    void sent(ByteBuffer first, int count) {
        if (count == 0) {
            return;
        }
        if (recorder != null) {
            recorder.sent(first, count, sendingSince);
        }
        if (conversation != null) {
            printTls();
            if (isPrintingSent()) {
                conversation.sending(peer(), first.slice(first.position(), Math.min(first.remaining(), count)), count);
            } else {
                conversation.sendingBack(peer(), count);
            }
        }
    }

    void outputEnded(String why) {
        if (recorder != null) {
            recorder.outputEnded(why, sendingSince);
        }
    }

    void applying(Fault fault) {
        if (upstream != null && fault.isToServer()) {
            upstream.applying(fault);
            return;
        }
        if (recorder != null) {
            recorder.applying(fault);
        }
        if (conversation != null) {
            printTls();
            conversation.applying(fault, peer());
        }
    }

    /** Called when a step of the script begins or is met. The conversation does not show it. */
    void step(String label) {
        if (recorder != null) {
            recorder.note(RecordedEvent.Kind.STEP, label, System.nanoTime());
        }
    }

    /**
     * Called when a handshake is complete, or at an alert. The conversation shows it later: the callback may throw an exception
     * or close the server, and the channel of TLS that calls this method is still at work.
     */
    void tls(RecordedEvent.Kind kind, String what) {
        if (recorder != null) {
            recorder.note(kind, what, System.nanoTime());
        }
        if (conversation != null) {
            List<String> lines = unprinted == null ? new ArrayList<>(1) : unprinted;
            lines.add(Conversation.ofTls(
                    kind == RecordedEvent.Kind.HANDSHAKE ? "TLS handshake" : "TLS alert", peer(), what));
            unprinted = lines;
        }
    }

    /** Prints the handshake and the alerts that are not printed yet. Each line that comes after them calls it too. */
    void printTls() {
        List<String> lines = unprinted;
        if (lines != null && conversation != null) {
            unprinted = null;
            for (String line : lines) {
                conversation.print(line);
            }
        }
    }

    /** Called when the client does not do what the script expects. A warning shows it. */
    void mismatch(String what) {
        if (recorder != null) {
            recorder.note(RecordedEvent.Kind.MISMATCH, what, System.nanoTime());
        }
    }

    /** Called when a client is about to close its socket. */
    void printClosing() {
        if (conversation != null) {
            printTls();
            conversation.closing();
        }
    }

    /** Reports that the connection has ended. */
    void ended(Ending.Side by, Ending.How how, String why, boolean failed) {
        if (recorder != null) {
            recorder.ended(by, how, why, failed);
        }
        printTls();
        if (conversation != null && !why.isEmpty()) {
            conversation.lost(peer(), why);
        }
    }

    /** Reports that the connection was accepted, and reset before it was served. */
    void neverServed(String why, boolean failed) {
        if (recorder != null) {
            recorder.ended(Ending.Side.SERVER, Ending.How.RST, why, failed);
        }
    }
}
