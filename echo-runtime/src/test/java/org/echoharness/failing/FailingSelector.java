package org.echoharness.failing;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.Channel;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelectionKey;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** A selector of wrapped channels, whose calls pass {@link Calls}. Its keys wrap those of the JDK's selector. */
final class FailingSelector extends AbstractSelector implements Channel {

    /** A channel that this selector takes. */
    interface Wrapper extends Channel {
        SelectableChannel usual();

        boolean isRegistered();
    }

    /** What the JDK's selector does. */
    private interface Select {
        int select(Consumer<SelectionKey> action) throws IOException;
    }

    private final AbstractSelector usual;
    private final Set<SelectionKey> keys = ConcurrentHashMap.newKeySet();

    FailingSelector(SelectorProvider provider, AbstractSelector usual) {
        super(provider);
        this.usual = usual;
        Calls.opened(this);
    }

    /**
     * Closes a channel, and then fails if that is due: an error of the system leaves no descriptor open. The JDK throws nothing
     * while the channel is registered.
     */
    static void close(Wrapper channel, SelectableChannel usual) throws IOException {
        usual.close();
        Calls.closed(channel);
        if (!channel.isRegistered()) {
            Calls.pass(Operation.CLOSE, channel);
        }
    }

    private static final class Key extends AbstractSelectionKey {
        private final SelectableChannel channel;
        private final FailingSelector selector;
        private SelectionKey usual;
        private volatile int claimed; // operations that it is said to be ready for

        Key(SelectableChannel channel, FailingSelector selector) {
            this.channel = channel;
            this.selector = selector;
        }

        @Override
        public SelectableChannel channel() {
            return channel;
        }

        @Override
        public Selector selector() {
            return selector;
        }

        private SelectionKey valid() {
            if (!isValid()) {
                throw new CancelledKeyException();
            }
            return usual;
        }

        @Override
        public int interestOps() {
            return valid().interestOps();
        }

        @Override
        public SelectionKey interestOps(int ops) {
            valid().interestOps(ops);
            return this;
        }

        @Override
        public int readyOps() {
            return valid().readyOps() | claimed;
        }
    }

    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
        Calls.passUndeclared(Operation.REGISTER, channel);
        Key key = new Key(channel, this);
        key.attach(attachment);
        try {
            key.usual = ((Wrapper) channel).usual().register(usual, ops, key);
        } catch (IOException closed) {
            throw new IllegalStateException(closed);
        }
        keys.add(key);
        return key;
    }

    private void dropCancelled() {
        Set<SelectionKey> cancelled = cancelledKeys();
        synchronized (cancelled) {
            for (SelectionKey each : cancelled) {
                drop((Key) each);
            }
            cancelled.clear();
        }
    }

    private void drop(Key key) {
        key.usual.cancel();
        keys.remove(key);
        deregister(key);
    }

    private static SelectionKey wrapperOf(SelectionKey usual) {
        return (SelectionKey) usual.attachment();
    }

    private int pass(Select select, Consumer<SelectionKey> action) throws IOException {
        boolean isSpurious = Calls.pass(Operation.SELECT, this);
        dropCancelled();
        if (!isSpurious) {
            return select.select(action);
        }
        if (!Calls.claimsReadiness()) {
            usual.selectNow(each -> {});
            return 0;
        }
        return usual.selectNow(action) + claim(action);
    }

    @Override
    public int select(Consumer<SelectionKey> action, long timeout) throws IOException {
        return pass(each -> usual.select(each, timeout), served(action));
    }

    @Override
    public int select(Consumer<SelectionKey> action) throws IOException {
        return pass(usual::select, served(action));
    }

    @Override
    public int selectNow(Consumer<SelectionKey> action) throws IOException {
        return pass(usual::selectNow, served(action));
    }

    private static Consumer<SelectionKey> served(Consumer<SelectionKey> action) {
        return each -> {
            SelectionKey key = wrapperOf(each);
            if (key.isValid()) {
                action.accept(key);
            }
        };
    }

    /** Serves every key as if it were ready. */
    private int claim(Consumer<SelectionKey> action) {
        int count = 0;
        for (SelectionKey each : new ArrayList<>(keys)) {
            Key key = (Key) each;
            if (key.isValid() && key.interestOps() != 0) {
                key.claimed = key.interestOps();
                action.accept(key.usual);
                key.claimed = 0;
                count++;
            }
        }
        return count;
    }

    @Override
    public int select(long timeout) throws IOException {
        return pass(none -> usual.select(timeout), each -> {});
    }

    @Override
    public int select() throws IOException {
        return pass(none -> usual.select(), each -> {});
    }

    @Override
    public int selectNow() throws IOException {
        return pass(none -> usual.selectNow(), each -> {});
    }

    @Override
    public Selector wakeup() {
        Calls.passUndeclared(Operation.WAKEUP, this);
        usual.wakeup();
        return this;
    }

    @Override
    public Set<SelectionKey> keys() {
        if (!isOpen()) {
            throw new ClosedSelectorException();
        }
        return Collections.unmodifiableSet(new HashSet<>(keys));
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
        Set<SelectionKey> selected = usual.selectedKeys();
        return new AbstractSet<>() {
            @Override
            public Iterator<SelectionKey> iterator() {
                Iterator<SelectionKey> all = selected.iterator();
                return new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return all.hasNext();
                    }

                    @Override
                    public SelectionKey next() {
                        return wrapperOf(all.next());
                    }

                    @Override
                    public void remove() {
                        all.remove();
                    }
                };
            }

            @Override
            public int size() {
                return selected.size();
            }
        };
    }

    @Override
    protected void implCloseSelector() throws IOException {
        List<SelectionKey> last = new ArrayList<>(keys);
        usual.close();
        for (SelectionKey each : last) {
            drop((Key) each);
        }
        Calls.closed(this);
        Calls.pass(Operation.CLOSE, this);
    }
}
