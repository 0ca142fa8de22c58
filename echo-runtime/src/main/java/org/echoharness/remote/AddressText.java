package org.echoharness.remote;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import org.echoharness.sockets.NameResolver;
import org.echoharness.sockets.UnixNames;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;

/** Reads the addresses of connections, as answers have them. */
public final class AddressText {

    private AddressText() {}

    /**
     * Reads {@code 127.0.0.1:1}, {@code [::1]:1}, {@code unix:PATH}, or the text of a Unix socket without a name. Looks up no
     * name.
     *
     * @throws IllegalArgumentException if it is another text
     */
    public static SocketAddress parse(String text) {
        if (text.equals(UnixNames.UNNAMED)) {
            return UnixDomainSocketAddress.of("");
        }
        if (text.startsWith(UnixNames.PREFIX)) {
            return UnixDomainSocketAddress.of(Path.of(text.substring(UnixNames.PREFIX.length())));
        }
        int colon = text.lastIndexOf(':');
        String host = text.substring(0, Math.max(0, colon));
        boolean isV6 = host.startsWith("[") && host.endsWith("]");
        String plain = isV6 ? host.substring(1, host.length() - 1) : host;
        if (!text.substring(colon + 1).matches("\\d{1,5}") || !NameResolver.isNumeric(plain)) {
            throw malformed(text);
        }
        return new InetSocketAddress(inet(plain, text), Integer.parseInt(text.substring(colon + 1)));
    }

    private static InetAddress inet(String host, String text) {
        int scope = host.indexOf('%');
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException malformed) {
            if (scope < 0) {
                throw malformed(text);
            }
            return inet(host.substring(0, scope), text); // this machine lacks the interface that it names
        }
    }

    private static IllegalArgumentException malformed(String text) {
        return Quantities.refused("address", Escaping.escape(text), "be numeric, such as 127.0.0.1:1 or [::1]:1");
    }
}
