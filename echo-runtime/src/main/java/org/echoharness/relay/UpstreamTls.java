package org.echoharness.relay;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.echoharness.sockets.StartupClasses;
import org.echoharness.tls.ClientHandshake;
import org.echoharness.tls.ClientTls;
import org.echoharness.tls.HandshakeSummary;
import org.echoharness.tls.TlsChannel;
import org.echoharness.tls.TlsClientChannel;
import org.echoharness.tls.TlsObserver;
import org.echoharness.tls.TlsTrust;
import org.jspecify.annotations.Nullable;

/**
 * The handshake of TLS with the server behind a relay, for one connection. The thread of the event loop uses it. Only a relay
 * with TLS on this side loads it.
 */
public final class UpstreamTls implements TlsObserver {

    /** The host for which the certificate of a server at a Unix socket must be. */
    public static final String NAMELESS = ClientTls.NAMELESS;

    private final ClientTls tls;
    private final Runnable tasksDone;
    private @Nullable Consumer<String> handshakes;
    private @Nullable Consumer<String> alerts;
    private @Nullable HandshakeSummary agreed;
    private @Nullable ClientHandshake wire; // this and the next are of the connection that is made
    private @Nullable TlsChannel channel;

    /** @param tasksDone called on any thread when a task of the handshake is over, so that it can go on */
    public UpstreamTls(TlsTrust trust, Runnable tasksDone) {
        tls = new ClientTls(trust, null);
        this.tasksDone = tasksDone;
    }

    /** Reports from now on, in words, to these two; and first what has been agreed on. */
    public void reportTo(Consumer<String> ofHandshakes, Consumer<String> ofAlerts) {
        handshakes = ofHandshakes;
        alerts = ofAlerts;
        if (agreed != null) {
            ofHandshakes.accept(agreed.toString());
        }
    }

    @Override
    public void agreed(HandshakeSummary summary) {
        agreed = summary;
        if (handshakes != null) {
            handshakes.accept(summary.toString());
        }
    }

    @Override
    public void alerted(String alert) {
        if (alerts != null) {
            alerts.accept(alert);
        }
    }

    @Override
    public void tasksDone() {
        tasksDone.run();
    }

    /** Loads the classes that a connection needs: none can be loaded when no file descriptor is left. */
    public static void load(TlsTrust trust) {
        trust.tasks();
        UpstreamTls unconnected = new UpstreamTls(trust, () -> {});
        try {
            unconnected.begin(NAMELESS, -1, new Unconnected());
            unconnected.advances();
            StartupClasses.load(LingeringClose.class, TlsClientChannel.class);
        } catch (IOException nobodyAnswers) {
            List.of(unconnected.reason(nobodyAnswers), unconnected.late());
        } finally {
            unconnected.release();
        }
    }

    /** Takes what is sent, and has nothing to read. */
    private static final class Unconnected implements ByteChannel {
        @Override
        public int read(ByteBuffer into) {
            return 0;
        }

        @Override
        public int write(ByteBuffer bytes) {
            int n = bytes.remaining();
            bytes.position(bytes.limit());
            return n;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    /** Begins a handshake on a connected socket. */
    void begin(String host, int port, ByteChannel socket) throws SSLException {
        release();
        ClientHandshake handshake = new ClientHandshake(socket);
        wire = handshake;
        channel = new TlsChannel(handshake, tls.engine(host, port), tls.trust().tasks(), this);
    }

    boolean hasBegun() {
        return channel != null;
    }

    /** Goes on with the handshake. Returns whether it is complete. */
    boolean advances() throws IOException {
        TlsChannel own = channel;
        ClientHandshake of = wire;
        if (own == null || of == null) {
            return false;
        }
        boolean isComplete = own.advance() && own.flush();
        if (!isComplete) {
            of.checkNotEnded();
        }
        return isComplete;
    }

    /** Returns the operations of the socket to wait for during the handshake. */
    int interest() {
        return channel == null ? 0 : channel.interest(SelectionKey.OP_READ);
    }

    /** Returns why the handshake has failed. */
    String reason(Exception failure) {
        return wire != null && failure instanceof IOException io ? wire.reason(io) : String.valueOf(failure);
    }

    /** Returns what was awaited, and what was seen, when the time is over. */
    String late() {
        return wire == null ? "" : wire.progress();
    }

    /** Returns the text of the connection, once the handshake is complete. */
    TlsClientChannel text(SocketChannel socket) {
        if (channel == null) {
            throw new IllegalStateException("the handshake has not begun");
        }
        return new TlsClientChannel(socket, channel);
    }

    /** Gives up what it holds. */
    void release() {
        if (channel != null) {
            channel.close();
        }
        channel = null;
        wire = null;
    }
}
