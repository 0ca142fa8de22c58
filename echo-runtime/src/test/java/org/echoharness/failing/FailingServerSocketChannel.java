package org.echoharness.failing;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;

/** A listening socket whose calls pass {@link Calls}. */
final class FailingServerSocketChannel extends ServerSocketChannel implements FailingSelector.Wrapper {

    private final ServerSocketChannel usual;

    FailingServerSocketChannel(SelectorProvider provider, ServerSocketChannel usual) {
        super(provider);
        this.usual = usual;
    }

    @Override
    public SelectableChannel usual() {
        return usual;
    }

    @Override
    public ServerSocketChannel bind(SocketAddress local, int backlog) throws IOException {
        Calls.pass(Operation.BIND, this);
        try {
            usual.bind(local, backlog);
        } catch (IOException refused) {
            throw Calls.platform().said(refused);
        }
        return this;
    }

    @Override
    public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
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
    public ServerSocket socket() {
        return usual.socket();
    }

    @Override
    public SocketChannel accept() throws IOException {
        Calls.pass(Operation.ACCEPT, this);
        SocketChannel accepted = usual.accept();
        return accepted == null ? null : Calls.opened(new FailingSocketChannel(provider(), accepted));
    }

    @Override
    public SocketAddress getLocalAddress() throws IOException {
        Calls.pass(Operation.GET_ADDRESS, this);
        return usual.getLocalAddress();
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
