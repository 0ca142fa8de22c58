package org.echoharness.clients;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.mail.Authenticator;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.Hashtable;
import java.util.Properties;
import javax.naming.Context;
import javax.naming.ldap.InitialLdapContext;
import javax.naming.ldap.LdapContext;
import javax.naming.ldap.StartTlsRequest;
import javax.naming.ldap.StartTlsResponse;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Angus Mail, the JDK's LDAP and pgjdbc change over from clear text to TLS. If the certificate is wrong, none of them sends the
 * password.
 */
@Timeout(120)
class StartTlsIT {

    private static final String PASSWORD = "pass-word-of-me";
    private static final String IN_BASE64 = Base64.getEncoder().encodeToString(("me\0me\0" + PASSWORD).getBytes(UTF_8));

    private static EchoServer.Builder server(String script, String certificate) throws IOException {
        return EchoServer.builder().tls(certificate).script(script).recording();
    }

    private static RecordedConnection ended(EchoServer server) throws InterruptedException {
        return server.recording().awaitConnections(1).get(0).awaitEnd();
    }

    private static String received(EchoServer server) throws InterruptedException {
        return new String(ended(server).received(), ISO_8859_1);
    }

    private static void assertHandshake(EchoServer server) throws InterruptedException {
        assertThat(ended(server).events()).extracting(RecordedEvent::kind).contains(RecordedEvent.Kind.HANDSHAKE);
        Scripts.assertMet(server);
    }

    /** Asserts that the rogue server has seen no password, in no form. */
    private static void assertKeptSecret(EchoServer server) throws InterruptedException {
        assertThat(received(server)).doesNotContain(PASSWORD).doesNotContain(IN_BASE64);
        assertThat(server.scriptProblems()).isNotEmpty();
    }

    @Test
    void mailIsSentWithinTls() throws Exception {
        try (EchoServer server =
                server(Scripts.read("smtp-starttls.echo"), "self-signed").start()) {
            send(server);

            assertHandshake(server);
            assertThat(received(server))
                    .startsWith(
                            "EHLO client.example.org\r\nSTARTTLS\r\nEHLO client.example.org\r\nAUTH PLAIN " + IN_BASE64)
                    .contains("Subject: secret");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"for mail.example.org", "expired"})
    void rogueMailServerNeverSeesThePassword(String certificate) throws Exception {
        try (EchoServer server =
                server(Scripts.read("smtp-starttls.echo"), certificate).start()) {
            assertThatThrownBy(() -> send(server))
                    .isInstanceOf(MessagingException.class)
                    .hasMessageContaining("Could not convert socket to TLS");

            assertKeptSecret(server);
            assertThat(received(server))
                    .startsWith("EHLO client.example.org\r\nSTARTTLS\r\n")
                    .doesNotContain("AUTH");
        }
    }

    private static void send(EchoServer server) throws MessagingException {
        Properties properties = new Properties();
        properties.put("mail.smtp.host", "127.0.0.1");
        properties.put("mail.smtp.port", Integer.toString(server.port()));
        properties.put("mail.smtp.localhost", "client.example.org");
        properties.put("mail.smtp.timeout", "30000");
        properties.put("mail.smtp.auth", "true");
        properties.put("mail.smtp.starttls.enable", "true");
        properties.put("mail.smtp.starttls.required", "true");
        properties.put("mail.smtp.ssl.socketFactory", server.sslContext().getSocketFactory());
        Authenticator authenticator = new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication("me", PASSWORD);
            }
        };
        MimeMessage message = new MimeMessage(Session.getInstance(properties, authenticator));
        message.setFrom("me@example.org");
        message.setRecipients(Message.RecipientType.TO, "you@example.org");
        message.setSubject("secret");
        message.setText("hello");
        Transport.send(message);
    }

    @Test
    void directoryIsAskedWithinTls() throws Exception {
        try (EchoServer server =
                server(Scripts.read("ldap-starttls.echo"), "self-signed").start()) {
            bind(server);

            assertHandshake(server);
            assertThat(received(server)).contains("1.3.6.1.4.1.1466.20037").contains(PASSWORD);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"for ldap.example.org", "expired"})
    void rogueDirectoryNeverSeesThePassword(String certificate) throws Exception {
        try (EchoServer server =
                server(Scripts.read("ldap-starttls.echo"), certificate).start()) {
            assertThatThrownBy(() -> bind(server)).isInstanceOf(IOException.class);

            ended(server);
            assertThat(received(server)).contains("1.3.6.1.4.1.1466.20037").doesNotContain(PASSWORD);
        }
    }

    @SuppressWarnings("JdkObsolete") // JNDI takes a Hashtable
    private static void bind(EchoServer server) throws Exception {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        environment.put(Context.PROVIDER_URL, "ldap://127.0.0.1:" + server.port());
        environment.put("com.sun.jndi.ldap.read.timeout", "30000");
        LdapContext context = new InitialLdapContext(environment, null);
        try {
            StartTlsResponse tls = (StartTlsResponse) context.extendedOperation(new StartTlsRequest());
            tls.negotiate(server.sslContext().getSocketFactory());
            context.addToEnvironment(Context.SECURITY_AUTHENTICATION, "simple");
            context.addToEnvironment(Context.SECURITY_PRINCIPAL, "cn=me");
            context.addToEnvironment(Context.SECURITY_CREDENTIALS, PASSWORD);
            context.reconnect(null);
        } finally {
            context.close();
        }
    }

    @Test
    void databaseIsQueriedWithinTls(@TempDir Path folder) throws Exception {
        Path root = folder.resolve("root.pem");
        try (EchoServer server =
                server(postgresql(), "self-signed").certificateFile(root).start()) {
            assertThat(selectOne(server, root)).isEqualTo(1);

            assertHandshake(server);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"for db.example.org", "expired"})
    void rogueDatabaseNeverSeesTheUser(String certificate, @TempDir Path folder) throws Exception {
        Path root = folder.resolve("root.pem");
        try (EchoServer server =
                server(postgresql(), certificate).certificateFile(root).start()) {
            assertThatThrownBy(() -> selectOne(server, root)).isInstanceOf(SQLException.class);

            assertKeptSecret(server);
            assertThat(ended(server).received()).as("the request for TLS alone").hasSize(8);
        }
    }

    private static String postgresql() throws IOException {
        return "expect hex '00000008 04d2162f', send 'S', start tls within 30s\n" + Scripts.read("postgresql.echo");
    }

    private static int selectOne(EchoServer server, Path root) throws Exception {
        String url = "jdbc:postgresql://127.0.0.1:" + server.port() + "/db?user=me&password=" + PASSWORD
                + "&sslmode=verify-full&gssEncMode=disable&preferQueryMode=simple&assumeMinServerVersion=12"
                + "&socketTimeout=30&sslrootcert=" + root;
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select 1")) {
            assertThat(rows.next()).isTrue();
            return rows.getInt("one");
        }
    }
}
