package org.echoharness.junit;

import java.io.IOException;
import java.nio.file.Path;
import org.echoharness.HostAndPort;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What the lookup of another process's server came to.
 *
 * @param address where it is reached; null if it is not found
 * @param missing why it is not found, and where it was looked for; empty if it is found
 */
record External(@Nullable HostAndPort address, String missing) {

    /** In the order that {@link Source} tells. */
    static External lookUp(Declaration declaration, ExtensionContext context) throws IOException {
        String parameter = "echo.server." + declaration.name() + ".address";
        String named = declaration.options().external();
        if (named.isEmpty()) {
            named = context.getConfigurationParameter(parameter).orElse("");
        }
        if (!named.isEmpty()) {
            return named(HostAndPort.parse(named), declaration);
        }
        Path path = ServersFile.locate(context);
        ServersFile file = ServersFile.read(path);
        if (file == null) {
            return missing("no address of it is known: neither @EchoTest(external) nor the configuration parameter "
                    + parameter + " is set, and there is no file " + path);
        }
        String stale = file.staleness();
        if (stale != null) {
            return missing(path + " is stale: " + stale);
        }
        HostAndPort listed = file.address(declaration.name());
        return listed != null
                ? found(listed, declaration)
                : missing(path + " has no server \"" + declaration.name() + "\", only " + file.names());
    }

    /** No one has said that this address is served now, so that where there is a choice it is tried. */
    private static External named(HostAndPort address, Declaration declaration) {
        External found = found(address, declaration);
        if (declaration.options().source() == Source.EXTERNAL_OR_EMBEDDED) {
            try {
                declaration.client(address).connect().close();
            } catch (IOException unreachable) {
                return missing(String.valueOf(unreachable.getMessage()));
            }
        }
        return found;
    }

    private static External found(HostAndPort address, Declaration declaration) {
        declaration.client(address); // checks the port
        return new External(address.connectable(), "");
    }

    private static External missing(String why) {
        return new External(null, why);
    }
}
