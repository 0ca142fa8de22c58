package org.echoharness.junit;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import org.echoharness.EchoServer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The HTTP interface of servers in another process.
 *
 * @param from where the address of the interface is from, for errors
 */
record ExternalControl(URI uri, String token, String from) {

    static final String URL = "echo.control.url";
    static final String TOKEN = "echo.control.token";

    private static final String FRAGMENT = "token=";

    /** Returns what the configuration parameters say; null if they say nothing. */
    static @Nullable ExternalControl configured(ExtensionContext context) {
        String url = context.getConfigurationParameter(URL).orElse("");
        String token = context.getConfigurationParameter(TOKEN).orElse("");
        return of(url, token, "the configuration parameter " + URL);
    }

    /**
     * Returns the interface at a URL; null if the URL is empty.
     *
     * @param token may be empty if the URL ends with {@code #token=TOKEN}
     */
    static @Nullable ExternalControl of(String url, String token, String from) {
        if (url.isEmpty()) {
            return null;
        }
        URI whole;
        try {
            whole = new URI(url.strip());
        } catch (URISyntaxException malformed) {
            throw wrong(url, from);
        }
        String fragment = String.valueOf(whole.getFragment());
        String given = !token.isEmpty()
                ? token.strip()
                : fragment.startsWith(FRAGMENT) ? fragment.substring(FRAGMENT.length()) : "";
        if (!"http".equals(whole.getScheme()) || whole.getHost() == null) {
            throw wrong(url, from);
        }
        if (given.isEmpty()) {
            throw new IllegalArgumentException(
                    from + " has no token; append #token=TOKEN, as the server prints it, or set"
                            + " the configuration parameter " + TOKEN);
        }
        return new ExternalControl(URI.create(whole.getScheme() + "://" + whole.getAuthority() + "/"), given, from);
    }

    private static IllegalArgumentException wrong(String url, String from) {
        int hash = url.indexOf('#'); // what follows is secret
        return new IllegalArgumentException(from + " (" + (hash < 0 ? url : url.substring(0, hash))
                + ") must be a URL such as http://127.0.0.1:40124/#token=TOKEN");
    }

    /** Returns the server of this name. */
    EchoServer connect(String name) throws IOException {
        try {
            return EchoServer.connect(uri, token, name);
        } catch (IOException | IllegalStateException | IllegalArgumentException failed) {
            throw new IOException(failed.getMessage() + " (the address of the interface is from " + from + ")", failed);
        }
    }

    /** Leaves out the token. */
    @Override
    public String toString() {
        return "control at " + uri;
    }
}
