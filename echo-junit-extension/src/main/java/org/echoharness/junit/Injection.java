package org.echoharness.junit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.BiFunction;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Finds or makes what a place asks for. */
final class Injection {

    private static final List<Class<?>> TYPES = List.of(EchoServer.class, EchoClient.class, InetSocketAddress.class);

    private Injection() {}

    /** Errors are made by the function given, and name the place, the server and the cure. */
    static Object inject(
            Place place, ExtensionContext context, BiFunction<String, Throwable, ? extends RuntimeException> error) {
        String where = place.text();
        try {
            if (!TYPES.contains(place.type())) {
                throw new IllegalArgumentException("@Echo cannot inject " + Place.name(place.type())
                        + "; declare it as EchoServer, EchoClient or InetSocketAddress");
            }
            Declaration declaration = Declarations.visibleFrom(context).meantBy(place);
            where += ": " + declaration.text();
            return value(place.type(), declaration, context);
        } catch (IOException | IllegalArgumentException | IllegalStateException e) {
            throw error.apply(where + ": " + e.getMessage(), e);
        }
    }

    private static Object value(Class<?> type, Declaration declaration, ExtensionContext context) throws IOException {
        if (type == EchoServer.class && declaration.options().source() == Source.EXTERNAL) {
            throw Peer.isElsewhere(); // also where it is not found
        }
        Peer peer = Scope.peer(declaration, context);
        if (type == EchoServer.class) {
            return peer.server();
        }
        if (type == InetSocketAddress.class) {
            return peer.socketAddress();
        }
        EchoClient client = peer.connect();
        Scope.of(context).keep(client::close);
        return client;
    }
}
