package org.echoharness;

import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The JDK's selectors, each of which fails with an OutOfMemoryError in its 20th turn; used in a separate JVM with
 * {@link #OPTIONS}.
 */
public final class FailingSelectors extends SelectorProvider {

    static final List<String> OPTIONS = List.of(
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
            "-Djava.nio.channels.spi.SelectorProvider=" + FailingSelectors.class.getName());

    private static final int TURNS = 20;

    private final SelectorProvider usual;

    /** Called by the JDK. */
    public FailingSelectors() throws ReflectiveOperationException {
        usual = (SelectorProvider) Class.forName("sun.nio.ch.DefaultSelectorProvider")
                .getMethod("get")
                .invoke(null);
    }

    private static final class Failing extends AbstractSelector {
        private final AbstractSelector usual;
        private int turns;

        Failing(SelectorProvider provider, AbstractSelector usual) {
            super(provider);
            this.usual = usual;
        }

        @Override
        protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
            try {
                return channel.register(usual, ops, attachment);
            } catch (IOException closed) {
                throw new IllegalStateException(closed);
            }
        }

        @Override
        public int select(Consumer<SelectionKey> action, long timeout) throws IOException {
            if (++turns == TURNS) {
                throw new OutOfMemoryError("Java heap space");
            }
            return usual.select(action, timeout);
        }

        @Override
        public int selectNow(Consumer<SelectionKey> action) throws IOException {
            return usual.selectNow(action);
        }

        @Override
        public int select(long timeout) throws IOException {
            return usual.select(timeout);
        }

        @Override
        public int select() throws IOException {
            return usual.select();
        }

        @Override
        public int selectNow() throws IOException {
            return usual.selectNow();
        }

        @Override
        public Selector wakeup() {
            usual.wakeup();
            return this;
        }

        @Override
        public Set<SelectionKey> keys() {
            return usual.keys();
        }

        @Override
        public Set<SelectionKey> selectedKeys() {
            return usual.selectedKeys();
        }

        @Override
        protected void implCloseSelector() throws IOException {
            usual.close();
        }
    }

    @Override
    public AbstractSelector openSelector() throws IOException {
        return new Failing(this, usual.openSelector());
    }

    @Override
    public DatagramChannel openDatagramChannel() throws IOException {
        return usual.openDatagramChannel();
    }

    @Override
    public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
        return usual.openDatagramChannel(family);
    }

    @Override
    public Pipe openPipe() throws IOException {
        return usual.openPipe();
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() throws IOException {
        return usual.openServerSocketChannel();
    }

    @Override
    public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
        return usual.openServerSocketChannel(family);
    }

    @Override
    public SocketChannel openSocketChannel() throws IOException {
        return usual.openSocketChannel();
    }

    @Override
    public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
        return usual.openSocketChannel(family);
    }

    @Override
    public Channel inheritedChannel() throws IOException {
        return usual.inheritedChannel();
    }
}
