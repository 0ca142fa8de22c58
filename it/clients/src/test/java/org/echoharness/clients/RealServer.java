package org.echoharness.clients;

import static java.util.Objects.requireNonNull;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A server of another project, which runs from the first class that needs it to the end of all tests. A class has it in a
 * static field with {@link RegisterExtension}. Where the server cannot be had, the tests of the class are skipped.
 */
final class RealServer<S extends AutoCloseable> implements BeforeAllCallback {

    /** Starts a server, or skips the test with a line that says why. */
    interface Start<S> {
        S start() throws Exception;
    }

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(RealServer.class);

    private final Class<S> type;
    private final Start<S> start;
    private S server;

    RealServer(Class<S> type, Start<S> start) {
        this.type = type;
        this.start = start;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        ExtensionContext.Store store = context.getRoot().getStore(NAMESPACE);
        synchronized (RealServer.class) {
            Running running = store.get(type, Running.class);
            if (running == null) {
                running = new Running(start.start());
                store.put(type, running);
            }
            server = type.cast(running.server);
        }
    }

    S get() {
        return requireNonNull(server);
    }

    private record Running(AutoCloseable server) implements CloseableResource {

        @Override
        public void close() throws Exception {
            server.close();
        }
    }
}
