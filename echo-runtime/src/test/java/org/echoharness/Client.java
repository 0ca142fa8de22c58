package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.echoharness.support.PlainSockets;

/** A client without code of this project, of one of two kinds, for tests of both. Each wait has a deadline. */
interface Client extends AutoCloseable {

    enum Kind {
        BLOCKING_SOCKET,
        NON_BLOCKING_CHANNEL;

        Client connect(EchoServer server) throws IOException {
            return this == BLOCKING_SOCKET ? new OfSocket(server.address()) : new OfChannel(server.address());
        }
    }

    /** Writes all bytes. */
    void send(byte[] bytes) throws IOException;

    /** Reads once, at least one byte. Returns -1 at the end of the stream. */
    int read(byte[] into, int from, int most) throws IOException;

    /** Whether a read would return or throw at once. */
    boolean hasInput() throws IOException;

    void shutdownOutput() throws IOException;

    int port() throws IOException;

    @Override
    void close() throws IOException;

    default void send(String latin1) throws IOException {
        send(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Reads this number of bytes, or fewer if the stream ends before. */
    default String receive(int count) throws IOException {
        return new String(receiveBytes(count), StandardCharsets.ISO_8859_1);
    }

    /** Reads all bytes up to the end of the stream. */
    default String receiveAll() throws IOException {
        return receive(Integer.MAX_VALUE);
    }

    default byte[] receiveBytes(int count) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] chunk = new byte[8192];
        int n = 0;
        while (n >= 0 && all.size() < count) {
            n = read(chunk, 0, Math.min(chunk.length, count - all.size()));
            all.write(chunk, 0, Math.max(n, 0));
        }
        return all.toByteArray();
    }

    default void echoes(String message) throws IOException {
        send(message);
        assertThat(receive(message.length())).isEqualTo(message);
    }

    /** A client that blocks in reads and writes. */
    final class OfSocket implements Client {
        private final Socket socket;

        OfSocket(InetSocketAddress server) throws IOException {
            socket = PlainSockets.connect(server);
        }

        @Override
        public void send(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        @Override
        public int read(byte[] into, int from, int most) throws IOException {
            return socket.getInputStream().read(into, from, most);
        }

        @Override
        public boolean hasInput() throws IOException {
            return socket.getInputStream().available() > 0;
        }

        @Override
        public void shutdownOutput() throws IOException {
            socket.shutdownOutput();
        }

        @Override
        public int port() {
            return socket.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** A client that blocks only in its selector. */
    final class OfChannel implements Client {
        private final SocketChannel channel = SocketChannel.open();
        private final Selector selector = Selector.open();
        private final SelectionKey key;

        OfChannel(InetSocketAddress server) throws IOException {
            channel.configureBlocking(false);
            key = channel.register(selector, 0);
            if (!channel.connect(server)) {
                awaitReady(SelectionKey.OP_CONNECT, 30_000);
                channel.finishConnect();
            }
        }

        private void awaitReady(int what, long millis) throws IOException {
            if (!isReadyWithin(what, millis)) {
                throw new SocketTimeoutException("not ready for " + what + " within " + millis + " ms");
            }
        }

        private boolean isReadyWithin(int what, long millis) throws IOException {
            key.interestOps(what);
            selector.selectedKeys().clear();
            return (millis == 0 ? selector.selectNow() : selector.select(millis)) > 0;
        }

        @Override
        public void send(byte[] bytes) throws IOException {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                awaitReady(SelectionKey.OP_WRITE, 30_000);
                channel.write(left);
            }
        }

        /** Writes zeros until the socket takes none for this time, or up to the limit. Returns how many it took. */
        long fill(long most, long millis) throws IOException {
            ByteBuffer zeros = ByteBuffer.allocate(64 << 10);
            long taken = 0;
            while (taken < most && isReadyWithin(SelectionKey.OP_WRITE, millis)) {
                taken += channel.write(zeros.clear());
            }
            return taken;
        }

        @Override
        public int read(byte[] into, int from, int most) throws IOException {
            awaitReady(SelectionKey.OP_READ, 30_000);
            return channel.read(ByteBuffer.wrap(into, from, most));
        }

        @Override
        public boolean hasInput() throws IOException {
            return isReadyWithin(SelectionKey.OP_READ, 0);
        }

        @Override
        public void shutdownOutput() throws IOException {
            channel.shutdownOutput();
        }

        @Override
        public int port() throws IOException {
            return ((InetSocketAddress) channel.getLocalAddress()).getPort();
        }

        @Override
        public void close() throws IOException {
            selector.close();
            channel.close();
        }
    }
}
