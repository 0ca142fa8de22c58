package org.echoharness.remote;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.echoharness.control.ControlledServer.End;
import org.echoharness.script.ServedConnection;

/** A connection that a server in another process serves. Any thread may call it. */
public final class RemoteConnection implements ServedConnection {

    private final ControlClient client;
    private final long number;
    private final SocketAddress remote;
    private final Runnable check;

    /** @param check throws if the server may not be controlled any more */
    public RemoteConnection(ControlClient client, long number, SocketAddress remote, Runnable check) {
        this.client = client;
        this.number = number;
        this.remote = remote;
        this.check = check;
    }

    @Override
    public long number() {
        return number;
    }

    @Override
    public SocketAddress remoteSocketAddress() {
        return remote;
    }

    @Override
    public boolean isOpen() {
        try {
            RemoteCalls.run(() -> client.remote(number));
            return true;
        } catch (IllegalStateException ended) {
            return false;
        }
    }

    @Override
    public void send(ByteBuffer bytes) {
        do {
            byte[] piece = new byte[Math.min(bytes.remaining(), ControlClient.MOST_SENT)];
            bytes.get(piece);
            check.run();
            RemoteCalls.run(() -> client.send(number, piece));
        } while (bytes.hasRemaining());
    }

    @Override
    public void startTls() {
        check.run();
        RemoteCalls.run(() -> client.startTls(number));
    }

    @Override
    public void close() {
        end(End.CLOSE);
    }

    @Override
    public void halfClose() {
        end(End.HALF_CLOSE);
    }

    @Override
    public void reset() {
        end(End.RESET);
    }

    /** Does nothing if the connection has ended, also while this is asked. */
    private void end(End how) {
        check.run();
        try {
            RemoteCalls.run(() -> client.endWhenSent(number, how));
        } catch (IllegalStateException refused) {
            if (isOpen()) {
                throw refused;
            }
        }
    }
}
