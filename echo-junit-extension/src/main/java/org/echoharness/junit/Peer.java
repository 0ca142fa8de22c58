package org.echoharness.junit;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A server that tests talk to.
 *
 * @param address where it is reached
 * @param from where that address is from, for errors; empty if the server is embedded
 * @param embedded the server itself; null where another process runs it
 */
record Peer(
        Declaration declaration,
        HostAndPort address,
        String from,
        @Nullable EchoServer embedded) implements Closeable {

    /** Finds the server or starts it, as its source says. */
    static Peer open(Declaration declaration, ExtensionContext context) throws IOException {
        Source source = declaration.options().source();
        if (source != Source.EMBEDDED) {
            External external = External.lookUp(declaration, context);
            if (external.address() != null) {
                return new Peer(declaration, external.address(), external.text(), null);
            }
            if (source == Source.EXTERNAL) {
                throw new IllegalStateException(external.text()
                        + "; run the test through \"mvn verify\", where echo:start comes before it and is not skipped,"
                        + " or set source to EXTERNAL_OR_EMBEDDED");
            }
            context.publishReportEntry("echo.server." + declaration.name(), "embedded: " + external.text());
        }
        EchoServer server = declaration.server().start();
        return new Peer(declaration, HostAndPort.of(server.address()).connectable(), "", server);
    }

    EchoServer server() {
        if (embedded == null) {
            throw isElsewhere();
        }
        return embedded;
    }

    /** Whether what happens on its connections is recorded here. */
    boolean records() {
        return embedded != null && !declaration.options().recording().equals("none");
    }

    static IllegalStateException isElsewhere() {
        return new IllegalStateException(
                "it is external: its EchoServer is in another process; inject EchoClient or InetSocketAddress instead");
    }

    EchoClient connect() throws IOException {
        try {
            return declaration.client(address).connect();
        } catch (IOException unreachable) {
            throw from.isEmpty() ? unreachable : new IOException(unreachable.getMessage() + from, unreachable);
        }
    }

    InetSocketAddress socketAddress() {
        return embedded != null && !embedded.address().getAddress().isAnyLocalAddress()
                ? embedded.address()
                : new InetSocketAddress(address.host(), address.port());
    }

    @Override
    public void close() {
        if (embedded != null) {
            embedded.close();
        }
    }
}
