package org.echoharness;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A client with TLS as users write it: a blocking {@link SSLSocket}, or an {@link SSLEngine} with a selector. */
interface TlsClient extends Closeable {

    Duration LONGEST = Duration.ofSeconds(30);

    /** How the client is written. */
    enum Kind {
        BLOCKING,
        NON_BLOCKING;

        TlsClient connect(EchoServer server, String protocol) throws IOException {
            return this == BLOCKING ? new Blocking(server, protocol) : new NonBlocking(server, protocol);
        }
    }

    /** Returns a ClientHello. */
    static byte[] hello(SSLContext context, String protocol) throws IOException {
        SSLEngine engine = context.createSSLEngine("127.0.0.1", 1);
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {protocol});
        ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), hello);
        return Arrays.copyOf(hello.array(), hello.position());
    }

    /** Limits how long each read may take from now on; 30 s unless it is called. */
    void readTimeout(Duration timeout) throws IOException;

    void handshake() throws IOException;

    void send(byte[] text) throws IOException;

    /** Reads at least one byte, or returns null at the end of the text: after a close_notify. */
    byte @Nullable [] read() throws IOException;

    /** With an {@link SSLSocket}. */
    final class Blocking implements TlsClient {
        private final SSLSocket socket;

        Blocking(EchoServer server, String protocol) throws IOException {
            socket = (SSLSocket) server.sslContext().getSocketFactory().createSocket("127.0.0.1", server.port());
            socket.setEnabledProtocols(new String[] {protocol});
            readTimeout(LONGEST);
        }

        @Override
        public void readTimeout(Duration timeout) throws IOException {
            socket.setSoTimeout((int) timeout.toMillis());
        }

        @Override
        public void handshake() throws IOException {
            socket.startHandshake();
        }

        @Override
        public void send(byte[] text) throws IOException {
            socket.getOutputStream().write(text);
        }

        @Override
        public byte @Nullable [] read() throws IOException {
            byte[] text = new byte[1 << 16];
            int n = socket.getInputStream().read(text);
            return n < 0 ? null : Arrays.copyOf(text, n);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** With an {@link SSLEngine}, as the JDK's documentation describes it. */
    final class NonBlocking implements TlsClient {
        private final SocketChannel socket;
        private final Selector selector = Selector.open();
        private final SelectionKey key;
        private final SSLEngine engine;
        private Duration readTimeout = LONGEST;
        private final ByteBuffer in; // records, to be read
        private final ByteBuffer out;
        private final ByteBuffer text;

        NonBlocking(EchoServer server, String protocol) throws IOException {
            socket = SocketChannel.open(server.address());
            socket.configureBlocking(false);
            key = socket.register(selector, 0);
            engine = server.sslContext().createSSLEngine("127.0.0.1", server.port());
            engine.setUseClientMode(true);
            engine.setEnabledProtocols(new String[] {protocol});
            in = ByteBuffer.allocate(2 * engine.getSession().getPacketBufferSize())
                    .flip();
            out = ByteBuffer.allocate(2 * engine.getSession().getPacketBufferSize());
            text = ByteBuffer.allocate(2 * engine.getSession().getApplicationBufferSize());
        }

        @Override
        public void readTimeout(Duration timeout) {
            readTimeout = timeout;
        }

        @Override
        public void handshake() throws IOException {
            engine.beginHandshake();
            HandshakeStatus status = engine.getHandshakeStatus();
            while (status != HandshakeStatus.FINISHED && status != HandshakeStatus.NOT_HANDSHAKING) {
                status = switch (status) {
                    case NEED_TASK -> {
                        Runnable task = engine.getDelegatedTask();
                        if (task != null) {
                            task.run();
                        }
                        yield engine.getHandshakeStatus();
                    }
                    case NEED_WRAP -> wrap(ByteBuffer.allocate(0));
                    default -> unwrap();
                };
            }
        }

        private HandshakeStatus wrap(ByteBuffer from) throws IOException {
            SSLEngineResult result = engine.wrap(from, out);
            out.flip();
            while (out.hasRemaining()) {
                if (socket.write(out) == 0) {
                    await(SelectionKey.OP_WRITE);
                }
            }
            out.clear();
            return result.getHandshakeStatus();
        }

        /** Reads one record. */
        private HandshakeStatus unwrap() throws IOException {
            while (true) {
                SSLEngineResult result = engine.unwrap(in, text);
                if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                    throw new EOFException("close_notify");
                }
                if (result.getStatus() != SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                    return result.getHandshakeStatus();
                }
                in.compact();
                int n = 0;
                try {
                    await(SelectionKey.OP_READ);
                    n = socket.read(in);
                } finally {
                    in.flip();
                }
                if (n < 0) {
                    engine.closeInbound(); // throws if no close_notify has come
                    throw new SSLException("the end without an exception");
                }
            }
        }

        private void await(int operation) throws IOException {
            key.interestOps(operation);
            selector.selectedKeys().clear();
            if (selector.select(readTimeout.toMillis()) == 0) {
                throw new SocketTimeoutException("Read timed out");
            }
        }

        @Override
        public void send(byte[] bytes) throws IOException {
            ByteBuffer from = ByteBuffer.wrap(bytes);
            while (from.hasRemaining()) {
                wrap(from);
            }
        }

        @Override
        public byte @Nullable [] read() throws IOException {
            try {
                while (text.position() == 0) {
                    unwrap();
                }
            } catch (EOFException closed) {
                return null;
            }
            ByteArrayOutputStream read = new ByteArrayOutputStream();
            read.write(text.array(), 0, text.position());
            text.clear();
            return read.toByteArray();
        }

        @Override
        public void close() throws IOException {
            selector.close();
            socket.close();
        }
    }
}
