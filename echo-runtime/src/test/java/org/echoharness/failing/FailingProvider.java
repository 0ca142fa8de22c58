package org.echoharness.failing;

import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import java.util.stream.Stream;

/**
 * The JDK's channels and selectors, wrapped together, since its selectors take only its own channels. Each call passes {@link
 * Calls}, where it may fail. Those that tests and the JDK's HTTP server open are not wrapped. For a JVM of its own, with
 * {@link #OPTIONS}.
 */
public final class FailingProvider extends SelectorProvider {

    /** What a JVM needs in order to use it. */
    public static final List<String> OPTIONS = List.of(
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
            "-Djava.nio.channels.spi.SelectorProvider=" + FailingProvider.class.getName());

    private static final String CALL = "failing.call";

    private final SelectorProvider usual;

    /** Returns what a JVM needs whose n-th select of the runtime throws an {@link OutOfMemoryError}. */
    public static List<String> failingSelect(int n) {
        return Stream.concat(OPTIONS.stream(), Stream.of("-D" + CALL + "=" + n)).toList();
    }

    /** Called by the JDK. */
    public FailingProvider() throws ReflectiveOperationException {
        usual = (SelectorProvider) Class.forName("sun.nio.ch.DefaultSelectorProvider")
                .getMethod("get")
                .invoke(null);
        Integer call = Integer.getInteger(CALL);
        if (call != null) {
            Calls.fail(new Failure(Failure.Kind.OUT_OF_MEMORY, Operation.SELECT, call));
        }
    }

    @Override
    public AbstractSelector openSelector() throws IOException {
        Calls.pass(Operation.OPEN_SELECTOR, null);
        AbstractSelector opened = usual.openSelector();
        return Calls.isOfRuntime() ? new FailingSelector(this, opened) : opened;
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() throws IOException {
        Calls.pass(Operation.OPEN_LISTENING, null);
        return wrapped(usual.openServerSocketChannel());
    }

    @Override
    public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
        Calls.pass(Operation.OPEN_LISTENING, null);
        return wrapped(usual.openServerSocketChannel(family));
    }

    private ServerSocketChannel wrapped(ServerSocketChannel opened) {
        return Calls.isOfRuntime() ? Calls.opened(new FailingServerSocketChannel(this, opened)) : opened;
    }

    @Override
    public SocketChannel openSocketChannel() throws IOException {
        Calls.pass(Operation.OPEN_SOCKET, null);
        return wrapped(usual.openSocketChannel());
    }

    @Override
    public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
        Calls.pass(Operation.OPEN_SOCKET, null);
        return wrapped(usual.openSocketChannel(family));
    }

    private SocketChannel wrapped(SocketChannel opened) {
        return Calls.isOfRuntime() ? Calls.opened(new FailingSocketChannel(this, opened)) : opened;
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
    public Channel inheritedChannel() throws IOException {
        return usual.inheritedChannel();
    }
}
