package org.echoharness.junit;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.ServerAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The result of a lookup of a server in another process.
 *
 * @param address the address of the server; null if it was not found
 * @param text where the address is from; if there is none, the reason, and where it was looked for
 * @param control its HTTP interface; null if none is known
 * @param certificate the file with what its clients have to trust; null if none is known
 */
record ExternalLookup(
        @Nullable ServerAddress address,
        String text,
        @Nullable ExternalControl control,
        @Nullable CertificateFile certificate) {

    /** Looks in the order that {@link Source} gives. */
    static ExternalLookup lookUp(Declaration declaration, Source source, ExtensionContext context) throws IOException {
        return withoutCertificate(declaration, source, context)
                .with(CertificateFile.configured(declaration.name(), context));
    }

    private static ExternalLookup withoutCertificate(Declaration declaration, Source source, ExtensionContext context)
            throws IOException {
        String parameter = "echo.server." + declaration.name() + ".address";
        String attribute = declaration.options().external();
        if (!attribute.isEmpty()) {
            boolean byCode = declaration.on() instanceof Field;
            return named(attribute, byCode ? "external(...)" : "@EchoTest(external)", declaration, source)
                    .withControlAt(ExternalControl.configured(context), declaration);
        }
        String configured = context.getConfigurationParameter(parameter).orElse("");
        if (!configured.isEmpty()) {
            return named(configured, "the configuration parameter " + parameter, declaration, source)
                    .with(ExternalControl.configured(context));
        }
        ExternalControl control = ExternalControl.configured(context);
        if (control != null) {
            return asked(control, declaration, source);
        }
        Path path = ServersFile.locate(declaration, context);
        ServersFile file = ServersFile.read(path);
        if (file == null) {
            return missing("no address of it is known: neither @EchoTest(external) nor the configuration parameter "
                    + parameter + " or " + ExternalControl.URL + " is set, and there is no file " + path);
        }
        String stale = file.staleness();
        if (stale != null) {
            return missing(path + " is stale: " + stale);
        }
        String listed = file.address(declaration.name());
        return listed != null
                ? found(listed, path.toString()).with(file.control()).with(file.certificate(declaration.name()))
                : missing(path + " has no server \"" + declaration.name() + "\", only " + file.names());
    }

    /**
     * Returns an address from the attribute or the configuration. Nothing shows that a server runs there, so that with
     * EXTERNAL_OR_EMBEDDED this method connects to it first.
     */
    private static ExternalLookup named(String text, String from, Declaration declaration, Source source) {
        ExternalLookup found = found(text, from);
        if (found.address() != null && source == Source.EXTERNAL_OR_EMBEDDED) {
            try {
                declaration.connect(found.address(), null).close();
            } catch (IOException unreachable) {
                return missing(unreachable.getMessage() + found.text());
            }
        }
        return found;
    }

    private static ExternalLookup found(String text, String from) {
        String origin = " (the address is from " + from + ")";
        try {
            ServerAddress address = ServerAddress.parse(text);
            EchoClient.builder().address(address); // checks the port or the path
            return new ExternalLookup(
                    address instanceof HostAndPort tcp ? tcp.connectable() : address, origin, null, null);
        } catch (IllegalArgumentException malformed) {
            throw new IllegalArgumentException(malformed.getMessage() + origin, malformed);
        }
    }

    /** Asks the interface for the address of the server. */
    private static ExternalLookup asked(ExternalControl control, Declaration declaration, Source source)
            throws IOException {
        try {
            ServerAddress first =
                    ServerAddress.of(control.connect(declaration.name()).socketAddress());
            return found(first.toString(), control.from()).with(control);
        } catch (IOException unreachable) {
            if (source == Source.EXTERNAL) {
                throw unreachable;
            }
            return missing(String.valueOf(unreachable.getMessage()));
        }
    }

    private ExternalLookup with(@Nullable ExternalControl known) {
        return new ExternalLookup(address, text, address == null ? null : known, certificate);
    }

    private ExternalLookup with(@Nullable CertificateFile known) {
        return known == null ? this : new ExternalLookup(address, text, control, known);
    }

    /** Adds the interface if its server of that name has this address. The interface may be that of other servers. */
    private ExternalLookup withControlAt(@Nullable ExternalControl configured, Declaration declaration) {
        if (configured == null || address == null) {
            return this;
        }
        String why;
        try {
            EchoServer server = configured.connect(declaration.name());
            if (address instanceof HostAndPort tcp) {
                InetSocketAddress named =
                        declaration.options().newClient().address(tcp).resolve();
                if (server.socketAddresses().stream().anyMatch(each -> reaches(named, each))) {
                    return with(configured);
                }
            } else if (server.socketAddresses().stream()
                    .anyMatch(each -> ServerAddress.of(each).equals(address))) {
                return with(configured);
            }
            why = "the server \"" + declaration.name() + "\" at " + configured.uri() + " has another address";
        } catch (IOException unreachable) {
            why = String.valueOf(unreachable.getMessage());
        }
        return new ExternalLookup(address, text + " (it is not controlled: " + why + ")", null, certificate);
    }

    private static boolean reaches(InetSocketAddress named, SocketAddress of) {
        return of instanceof InetSocketAddress inet
                && inet.getPort() == named.getPort()
                && (inet.getAddress().isAnyLocalAddress() || inet.getAddress().equals(named.getAddress()));
    }

    private static ExternalLookup missing(String why) {
        return new ExternalLookup(null, why, null, null);
    }
}
