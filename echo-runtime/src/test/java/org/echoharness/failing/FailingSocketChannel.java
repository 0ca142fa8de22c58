package org.echoharness.failing;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;

/** A socket whose calls pass {@link Calls}. */
final class FailingSocketChannel extends SocketChannel implements FailingSelector.Wrapper {

    /** A call that may move fewer bytes than it is asked for. */
    private interface Move {
        int move(ByteBuffer bytes) throws IOException;
    }

    /** A call whose error has the words of the system. */
    private interface Call<T> {
        T call() throws IOException;
    }

    private static <T> T said(Call<T> call) throws IOException {
        try {
            return call.call();
        } catch (IOException failed) {
            throw Calls.platform().said(failed);
        }
    }

    private final SocketChannel usual;

    FailingSocketChannel(SelectorProvider provider, SocketChannel usual) {
        super(provider);
        this.usual = usual;
    }

    @Override
    public SelectableChannel usual() {
        return usual;
    }

    @Override
    public SocketChannel bind(SocketAddress local) throws IOException {
        Calls.pass(Operation.BIND, this);
        usual.bind(local);
        return this;
    }

    @Override
    public <T> SocketChannel setOption(SocketOption<T> name, T value) throws IOException {
        Calls.pass(Operation.SET_OPTION, this);
        Calls.platform().check(name);
        usual.setOption(name, value);
        return this;
    }

    @Override
    public <T> T getOption(SocketOption<T> name) throws IOException {
        Calls.pass(Operation.GET_OPTION, this);
        Calls.platform().check(name);
        return usual.getOption(name);
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return Calls.platform().supported(usual.supportedOptions());
    }

    @Override
    public SocketChannel shutdownInput() throws IOException {
        Calls.pass(Operation.SHUTDOWN_INPUT, this);
        usual.shutdownInput();
        return this;
    }

    @Override
    public SocketChannel shutdownOutput() throws IOException {
        Calls.pass(Operation.SHUTDOWN_OUTPUT, this);
        usual.shutdownOutput();
        return this;
    }

    @Override
    public Socket socket() {
        return usual.socket();
    }

    @Override
    public boolean isConnected() {
        return usual.isConnected();
    }

    @Override
    public boolean isConnectionPending() {
        return usual.isConnectionPending();
    }

    @Override
    public boolean connect(SocketAddress remote) throws IOException {
        Calls.pass(Operation.CONNECT, this);
        return said(() -> usual.connect(remote));
    }

    @Override
    public boolean finishConnect() throws IOException {
        return !Calls.pass(Operation.FINISH_CONNECT, this) && said(usual::finishConnect);
    }

    @Override
    public SocketAddress getRemoteAddress() throws IOException {
        Calls.pass(Operation.GET_ADDRESS, this);
        return usual.getRemoteAddress();
    }

    @Override
    public SocketAddress getLocalAddress() throws IOException {
        Calls.pass(Operation.GET_ADDRESS, this);
        return usual.getLocalAddress();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return Calls.pass(Operation.READ, this) ? shortly(into, usual::read) : said(() -> usual.read(into));
    }

    @Override
    public long read(ByteBuffer[] into, int offset, int length) throws IOException {
        return Calls.pass(Operation.READ, this)
                ? shortly(firstOf(into, offset, length), usual::read)
                : usual.read(into, offset, length);
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        return Calls.pass(Operation.WRITE, this) ? shortly(from, usual::write) : said(() -> usual.write(from));
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        return Calls.pass(Operation.WRITE, this)
                ? shortly(firstOf(from, offset, length), usual::write)
                : usual.write(from, offset, length);
    }

    private static ByteBuffer firstOf(ByteBuffer[] all, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            if (all[i].hasRemaining()) {
                return all[i];
            }
        }
        return ByteBuffer.allocate(0);
    }

    /** Moves one byte, or none if the failure is that the socket is not ready. */
    private int shortly(ByteBuffer bytes, Move move) throws IOException {
        if (Calls.wouldBlock() && !isBlocking()) {
            return 0;
        }
        int limit = bytes.limit();
        bytes.limit(Math.min(limit, bytes.position() + 1));
        try {
            return move.move(bytes);
        } finally {
            bytes.limit(limit);
        }
    }

    @Override
    protected void implConfigureBlocking(boolean block) throws IOException {
        Calls.pass(Operation.CONFIGURE_BLOCKING, this);
        usual.configureBlocking(block);
    }

    @Override
    protected void implCloseSelectableChannel() throws IOException {
        FailingSelector.close(this, usual);
    }

    @Override
    public String toString() {
        return "failing " + usual;
    }
}
