package org.echoharness.junit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Recording;
import org.echoharness.ServerAddress;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Finds or creates the object that a field or parameter asks for. */
final class Injection {

    /** The types that are injected without an {@link Echo}. */
    private static final List<Class<?>> OWN = List.of(EchoServer.class, EchoClient.class, Recording.class);

    private static final List<Class<?>> OTHERS = List.of(
            InetSocketAddress.class,
            UnixDomainSocketAddress.class,
            Path.class,
            URI.class,
            int.class,
            SSLContext.class,
            SSLSocketFactory.class,
            X509Certificate.class);

    private Injection() {}

    static boolean isOwn(Class<?> type) {
        return OWN.contains(type);
    }

    /** The given function makes the errors, which name the place, the server and the cure. */
    static Object inject(
            InjectionPoint point,
            ExtensionContext context,
            BiFunction<String, Throwable, ? extends RuntimeException> error) {
        String where = point.text();
        try {
            if (!isInjectable(point.type())) {
                throw new IllegalArgumentException("@Echo cannot inject " + InjectionPoint.name(point.type())
                        + "; declare it as EchoServer, EchoClient, Supplier<EchoClient>, Recording, InetSocketAddress,"
                        + " UnixDomainSocketAddress, Path, URI, int, SSLContext, SSLSocketFactory or X509Certificate");
            }
            Declaration declaration = Declarations.visibleFrom(context).meantBy(point);
            where += ": " + declaration.text();
            return value(point.type(), declaration, context);
        } catch (IOException | IllegalArgumentException | IllegalStateException e) {
            throw error.apply(where + ": " + e.getMessage(), e);
        }
    }

    private static boolean isInjectable(Type type) {
        return isSupplier(type) || (type instanceof Class<?> plain && (OWN.contains(plain) || OTHERS.contains(plain)));
    }

    /**
     * Accepts a supplier of clients, or a raw one: the JDK does not give the type arguments of parameters of an inner
     * class's constructor.
     */
    private static boolean isSupplier(Type type) {
        return type == Supplier.class
                || (type instanceof ParameterizedType of
                        && of.getRawType() == Supplier.class
                        && of.getActualTypeArguments()[0] == EchoClient.class);
    }

    private static Object value(Type type, Declaration declaration, ExtensionContext context) throws IOException {
        TargetServer target = ServerLookup.findOrOpen(declaration, context);
        if (type == EchoServer.class) {
            return target.server();
        }
        if (type == Recording.class) {
            return recording(target);
        }
        if (type == InetSocketAddress.class) {
            return target.inetAddress();
        }
        if (type == UnixDomainSocketAddress.class) {
            return UnixDomainSocketAddress.of(target.path());
        }
        if (type == Path.class) {
            return target.path();
        }
        if (type == URI.class) {
            return uri(target.address());
        }
        if (type == int.class) {
            return target.tcp().port();
        }
        if (type == SSLContext.class) {
            return target.sslContext();
        }
        if (type == SSLSocketFactory.class) {
            return target.sslContext().getSocketFactory();
        }
        if (type == X509Certificate.class) {
            return target.certificate();
        }
        OpenedServers scope = OpenedServers.of(context);
        return type == EchoClient.class ? connect(target, scope) : (Supplier<EchoClient>) () -> supply(target, scope);
    }

    private static URI uri(ServerAddress address) {
        if (!(address instanceof ServerAddress.Unix unix)) {
            return URI.create("tcp://" + address);
        }
        try {
            return new URI("unix", null, unix.path().toAbsolutePath().toString(), null);
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible); // it quotes what a path may have
        }
    }

    private static Recording recording(TargetServer target) {
        if (target.known() == null) {
            throw target.isElsewhere("Recording");
        }
        if (!target.records()) {
            throw new IllegalStateException("it has no Recording, since its recording is none; leave that out");
        }
        return target.server().recording();
    }

    private static EchoClient connect(TargetServer target, OpenedServers scope) throws IOException {
        EchoClient client = target.connect();
        if (!scope.keep(client::close)) {
            client.close();
            throw new IllegalStateException(
                    "the class or test that it was injected into is over; connect before its end");
        }
        return client;
    }

    private static EchoClient supply(TargetServer target, OpenedServers scope) {
        String server = target.declaration().text();
        try {
            return connect(target, scope);
        } catch (IOException e) {
            throw new UncheckedIOException(server + ": " + e.getMessage(), e);
        } catch (IllegalStateException e) {
            throw new IllegalStateException(server + ": " + e.getMessage(), e);
        }
    }
}
