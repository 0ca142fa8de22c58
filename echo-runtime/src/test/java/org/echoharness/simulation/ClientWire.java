package org.echoharness.simulation;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** How the bytes of a client get on and off its socket, which does not block. */
interface ClientWire {

    /** Reads what has come: a number of bytes, or -1 at the end of the text. */
    int read(ByteBuffer to) throws IOException;

    /** Takes some of the bytes, and sends them now or later. */
    void write(ByteBuffer from) throws IOException;

    /** Whether it has taken bytes that it cannot send yet. */
    boolean holds();

    /** Whether a write has failed that was made while reading. */
    boolean isBroken();

    /** Whether it takes bytes once the socket has room: not before the handshake. */
    boolean mayTake();

    /** Ends the output, once nothing is held. Returns whether it could. */
    boolean shutdownOutput() throws IOException;

    /** Without TLS. */
    record Plain(SocketChannel socket) implements ClientWire {

        @Override
        public int read(ByteBuffer to) throws IOException {
            return socket.read(to);
        }

        @Override
        public void write(ByteBuffer from) throws IOException {
            socket.write(from);
        }

        @Override
        public boolean holds() {
            return false;
        }

        @Override
        public boolean isBroken() {
            return false;
        }

        @Override
        public boolean mayTake() {
            return true;
        }

        @Override
        public boolean shutdownOutput() throws IOException {
            socket.shutdownOutput();
            return true;
        }
    }

    /** With TLS 1.3. */
    final class Tls implements ClientWire {
        private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

        private final SocketChannel socket;
        private final SSLEngine engine;
        private final ByteBuffer in;
        private final ByteBuffer out;
        private boolean isBroken;

        Tls(SocketChannel socket, SSLContext context) throws IOException {
            this.socket = socket;
            engine = context.createSSLEngine("localhost", 1);
            engine.setUseClientMode(true);
            engine.setEnabledProtocols(new String[] {"TLSv1.3"});
            in = ByteBuffer.allocate(2 * engine.getSession().getPacketBufferSize());
            out = ByteBuffer.allocate(4 * engine.getSession().getPacketBufferSize());
            engine.beginHandshake();
        }

        private boolean isShakingHands() {
            HandshakeStatus status = engine.getHandshakeStatus();
            return status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED;
        }

        @Override
        public int read(ByteBuffer to) throws IOException {
            int before = to.position();
            int n;
            try {
                n = socket.read(in);
            } catch (IOException reset) {
                unwrap(to); // what has come before
                if (to.position() > before) {
                    return to.position() - before; // the next read throws it again, or returns -1
                }
                throw reset;
            }
            boolean isOver = unwrap(to);
            if (to.position() > before) {
                return to.position() - before;
            }
            if (n < 0 && !isOver) {
                throw new EOFException("a FIN without close_notify");
            }
            return isOver ? -1 : 0;
        }

        /** Returns whether a close_notify has come. */
        private boolean unwrap(ByteBuffer to) throws IOException {
            in.flip();
            try {
                while (true) {
                    HandshakeStatus status = engine.getHandshakeStatus();
                    if (status == HandshakeStatus.NEED_TASK) {
                        engine.getDelegatedTask().run();
                    } else if (status == HandshakeStatus.NEED_WRAP && !engine.isOutboundDone()) {
                        if (!wrap(NOTHING)) {
                            return false;
                        }
                    } else {
                        SSLEngineResult result = engine.unwrap(in, to);
                        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                            return true;
                        }
                        boolean moved = result.bytesConsumed() > 0 || result.bytesProduced() > 0;
                        boolean isNext = engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK
                                || engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
                        if (!moved && !isNext) {
                            return false;
                        }
                    }
                }
            } finally {
                in.compact();
            }
        }

        /** Returns whether there was room for a record. */
        private boolean wrap(ByteBuffer from) throws IOException {
            SSLEngineResult.Status status = engine.wrap(from, out).getStatus();
            flush();
            return status == SSLEngineResult.Status.OK;
        }

        private void flush() throws IOException {
            out.flip();
            try {
                socket.write(out);
            } catch (IOException broken) {
                isBroken = true;
                throw broken;
            } finally {
                out.compact();
            }
        }

        @Override
        public void write(ByteBuffer from) throws IOException {
            flush();
            if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                wrap(NOTHING);
            }
            while (!isShakingHands() && from.hasRemaining() && !holds() && wrap(from)) {}
        }

        @Override
        public boolean holds() {
            return out.position() > 0;
        }

        @Override
        public boolean isBroken() {
            return isBroken;
        }

        @Override
        public boolean mayTake() {
            return !isShakingHands();
        }

        @Override
        public boolean shutdownOutput() throws IOException {
            flush();
            if (isShakingHands() || holds()) {
                return false;
            }
            engine.closeOutbound();
            while (!engine.isOutboundDone()) {
                if (!wrap(NOTHING)) {
                    break;
                }
            }
            if (holds()) {
                throw new SSLException("no room for a close_notify");
            }
            socket.shutdownOutput();
            return true;
        }
    }
}
