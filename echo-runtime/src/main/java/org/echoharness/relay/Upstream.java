package org.echoharness.relay;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the server behind a relay, for each connection. */
public interface Upstream {

    /**
     * A server to connect to.
     *
     * @param name how messages name it, such as {@code db:5432}
     * @param host for which its certificate must be, with TLS
     * @param candidates its addresses, in the order in which they are tried
     */
    record Target(String name, String host, List<SocketAddress> candidates) {}

    /** Returns the target if it is known without a lookup, or null. On the thread of the event loop. */
    @Nullable
    Target known();

    /**
     * Finds the target. It may block, and has a thread of its own.
     *
     * @throws IOException if a name has no address, or if the resolver has not answered by the deadline
     */
    Target lookUp(long deadlineNanos) throws IOException;

    /** Returns how messages write an address. */
    String text(SocketAddress address);
}
