package org.echoharness;

import org.echoharness.loop.EventLoop;
import org.echoharness.relay.UpstreamTls;
import org.echoharness.tls.HandshakeSummary;
import org.echoharness.tls.TlsChannel;
import org.echoharness.tls.TlsTrust;
import org.jspecify.annotations.Nullable;

/**
 * Records the handshake and the alerts on the connection of a relay to the server behind it. What happens before that connection
 * has a reporter waits for it. The thread of the event loop uses it.
 */
final class UpstreamTlsReporter implements TlsChannel.Observer {

    private final EventLoop loop;
    private final Runnable tasksDone;
    private @Nullable ClientTlsReporter leg;
    private @Nullable HandshakeSummary agreed;

    /** @param tasksDone goes on with the handshake, on the thread of the loop */
    UpstreamTlsReporter(EventLoop loop, Runnable tasksDone) {
        this.loop = loop;
        this.tasksDone = tasksDone;
    }

    /** Returns the TLS of one connection, which this object reports. */
    UpstreamTls tls(TlsTrust trust) {
        return new UpstreamTls(trust, this);
    }

    /** Reports from now on to this one, and first what has been agreed on. */
    void reportTo(@Nullable ConnectionReporter reporter) {
        ClientTlsReporter to = new ClientTlsReporter(reporter);
        leg = to;
        if (agreed != null) {
            to.agreed(agreed);
        }
    }

    @Override
    public void agreed(HandshakeSummary summary) {
        agreed = summary;
    }

    @Override
    public void alerted(String alert, boolean byPeer) {
        if (leg != null) {
            leg.alerted(alert, byPeer);
        }
    }

    @Override
    public void tasksDone() {
        loop.post(tasksDone);
    }
}
