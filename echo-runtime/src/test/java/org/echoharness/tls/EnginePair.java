package org.echoharness.tls;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/** A client's and a server's engine that are connected in memory, without a socket. */
final class EnginePair {

    private static final int MOST_BYTES = 1 << 17;
    private static final int MOST_TURNS = 100;

    private final SSLEngine client;
    private final SSLEngine server;
    private final ByteBuffer toServer = ByteBuffer.allocate(MOST_BYTES);
    private final ByteBuffer toClient = ByteBuffer.allocate(MOST_BYTES);
    private final ByteBuffer received = ByteBuffer.allocate(MOST_BYTES);

    EnginePair(SSLEngine client, SSLEngine server) {
        this.client = client;
        this.server = server;
    }

    /**
     * Completes the handshake, including what TLS 1.3 sends after it.
     *
     * @return the session of the client
     * @throws SSLException what the engine that refused the handshake threw
     */
    SSLSession handshake() throws SSLException {
        client.beginHandshake();
        server.beginHandshake();
        boolean moved = true;
        for (int turn = 0; moved; turn++) {
            if (turn == MOST_TURNS) {
                throw new AssertionError("the handshake does not end");
            }
            moved = turn(client, toClient, toServer);
            moved |= turn(server, toServer, toClient);
        }
        if (client.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING
                || server.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            throw new AssertionError(
                    "client " + client.getHandshakeStatus() + ", server " + server.getHandshakeStatus());
        }
        return client.getSession();
    }

    /** Lets one engine take one step. Returns false if it waits for the other. */
    private boolean turn(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        switch (engine.getHandshakeStatus()) {
            case NEED_TASK -> {
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                    task.run();
                }
                return true;
            }
            case NEED_WRAP -> {
                engine.wrap(ByteBuffer.allocate(0), out);
                return true;
            }
            default -> {
                if (in.position() == 0) {
                    return false;
                }
                in.flip();
                SSLEngineResult result = engine.unwrap(in, received.clear());
                in.compact();
                return result.bytesConsumed() > 0 || engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK;
            }
        }
    }
}
