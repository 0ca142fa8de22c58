package org.echoharness.control;

import com.sun.net.httpserver.Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a request may be answered. The Host must be one of the interface, so that a page from elsewhere does not
 * reach it by a name that it controls (DNS rebinding). The Origin must be the interface's own. Programs need the token.
 */
final class RequestGuard {

    private static final int TOKEN_BYTES = 16;
    private static final int HTTP_PORT = 80;
    private static final String SCHEME = "Bearer ";

    private final String host; // as configured
    private final int port;
    private final String url;
    private final String token;

    /**
     * @param host the configured host
     * @param url the address of the page, for errors
     */
    RequestGuard(String host, int port, String url) {
        this.host = host.toLowerCase(Locale.ROOT);
        this.port = port;
        this.url = url;
        byte[] random = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(random);
        token = HexFormat.of().formatHex(random);
    }

    String token() {
        return token;
    }

    /**
     * Checks where the request comes from and where it goes to.
     *
     * @param local the address at which the connection was accepted
     */
    void checkHostAndOrigin(Headers headers, URI target, InetSocketAddress local) {
        List<String> hosts = headers.getOrDefault("Host", List.of());
        if (hosts.size() != 1) {
            throw new RefusedRequestException(
                    400, "the request has " + hosts.size() + " Host headers; send one, as for " + url);
        }
        String authority = hosts.get(0).strip().toLowerCase(Locale.ROOT);
        String inTarget = target.getRawAuthority();
        if (!isOurs(authority, local) || (inTarget != null && !isOurs(inTarget.toLowerCase(Locale.ROOT), local))) {
            String other = inTarget == null ? authority : inTarget;
            throw new RefusedRequestException(
                    421, "the host " + Escaping.quote(other) + " is not that of this interface; use " + url);
        }
        for (String origin : headers.getOrDefault("Origin", List.of())) {
            if (!origin.strip().toLowerCase(Locale.ROOT).equals("http://" + authority)) {
                throw new RefusedRequestException(
                        403,
                        "pages of " + Escaping.quote(origin) + " get no answer; open the page of this interface, "
                                + url);
            }
        }
    }

    void checkToken(Headers headers) {
        List<String> given = headers.getOrDefault("Authorization", List.of());
        boolean isBearer = given.size() == 1 && given.get(0).regionMatches(true, 0, SCHEME, 0, SCHEME.length());
        byte[] sent = isBearer
                ? given.get(0).substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8)
                : new byte[0];
        if (!MessageDigest.isEqual(sent, token.getBytes(StandardCharsets.US_ASCII))) {
            throw new RefusedRequestException(
                    401,
                    (given.isEmpty()
                                    ? "the request has no token"
                                    : "the token of the request is not that of this server")
                            + "; send the header \"Authorization: Bearer TOKEN\"; the TOKEN follows #token= in the"
                            + " address that the server printed, is echo.control.token in target/echo/servers.properties"
                            + " if Maven started the server, and is returned by controlToken() in Java",
                    "WWW-Authenticate",
                    "Bearer");
        }
    }

    private boolean isOurs(String authority, InetSocketAddress local) {
        int colon = authority.startsWith("[") ? authority.indexOf("]:") + 1 : authority.indexOf(':');
        String name = colon <= 0 ? authority : authority.substring(0, colon);
        String atPort = colon <= 0 ? "" + HTTP_PORT : authority.substring(colon + 1);
        if (!atPort.equals("" + port)) {
            return false;
        }
        InetAddress address = numeric(name);
        return address == null
                ? name.equals("localhost") || name.equals(host)
                : address.equals(local.getAddress()) || isLoopback(address) || Objects.equals(address, numeric(host));
    }

    private static boolean isLoopback(InetAddress address) {
        String text = address.getHostAddress();
        return text.equals("127.0.0.1") || text.equals("0:0:0:0:0:0:0:1");
    }

    /** Returns the address that a host in numeric form is, or null. Looks up no name. */
    private static @Nullable InetAddress numeric(String name) {
        if (!name.startsWith("[") && !name.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
            return null;
        }
        try {
            return InetAddress.getByName(name);
        } catch (UnknownHostException malformed) {
            return null;
        }
    }
}
