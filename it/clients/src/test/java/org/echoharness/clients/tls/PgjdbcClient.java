package org.echoharness.clients.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import javax.net.ssl.SSLParameters;
import org.echoharness.EchoServer;

/**
 * pgjdbc, whose settings on the page are those of its URL.
 *
 * @param isDirect whether it begins with TLS, and asks for PostgreSQL by ALPN; otherwise it asks for TLS by an SSLRequest
 */
record PgjdbcClient(boolean isDirect) implements TlsClient {

    private static final String SSL_REQUEST = "expect hex '00000008 04d2162f', send 'S', start tls\n";

    private static final String COMMON = "user=me&gssEncMode=disable&preferQueryMode=simple&assumeMinServerVersion=12";

    @Override
    public EchoServer.Builder serve(EchoServer.Builder server) {
        return isDirect ? server.script(script()) : server.script(SSL_REQUEST + script());
    }

    private static String script() {
        try (InputStream script = PgjdbcClient.class.getResourceAsStream("/scripts/postgresql.echo")) {
            return new String(Objects.requireNonNull(script).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void adjust(SSLParameters parameters) {
        if (isDirect) {
            parameters.setApplicationProtocols(new String[] {"postgresql"});
        }
    }

    @Override
    public String exchange(EchoServer server, Trust trust, String setting) throws Exception {
        String settings =
                "socketTimeout=60&" + setting.replace("FILE", trust.file().toString());
        try (Connection connection = DriverManager.getConnection(url(server, settings));
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select 1")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getInt("one")).isEqualTo(1);
            return ANSWER;
        }
    }

    /** Connects and closes the connection. */
    static void connect(EchoServer server, String settings) throws SQLException {
        DriverManager.getConnection(url(server, settings)).close();
    }

    private static String url(EchoServer server, String settings) {
        return "jdbc:postgresql://localhost:" + server.port() + "/db?" + COMMON + "&" + settings;
    }
}
