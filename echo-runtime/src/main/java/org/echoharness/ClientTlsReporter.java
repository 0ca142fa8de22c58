package org.echoharness;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import org.echoharness.tls.ClientTls;
import org.echoharness.tls.HandshakeSummary;
import org.echoharness.tls.TlsChannel;
import org.echoharness.tls.TlsClientChannel;
import org.jspecify.annotations.Nullable;

/**
 * Records the handshake and the alerts of a connection on which this end is the client of TLS. The thread that uses the
 * connection calls it.
 *
 * @param reporter null if nothing is recorded
 */
record ClientTlsReporter(@Nullable ConnectionReporter reporter) implements TlsChannel.Observer {

    /** Completes the handshake: see {@link TlsClientChannel#connect}. */
    TlsClientChannel connect(
            SocketChannel socket,
            ClientTls tls,
            String host,
            int port,
            String target,
            long deadlineNanos,
            String within)
            throws IOException {
        return TlsClientChannel.connect(socket, tls, host, port, target, deadlineNanos, within, this);
    }

    @Override
    public void agreed(HandshakeSummary summary) {
        if (reporter != null) {
            reporter.tls(RecordedEvent.Kind.HANDSHAKE, summary.toString());
        }
    }

    @Override
    public void alerted(String alert, boolean byPeer) {
        if (reporter != null) {
            reporter.tls(RecordedEvent.Kind.ALERT, alert + (byPeer ? " by the server" : " by the client"));
        }
    }
}
