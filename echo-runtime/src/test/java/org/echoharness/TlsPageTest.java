package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.echoharness.support.PageTables;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tables of the page TLS against servers and clients. */
@Timeout(60)
class TlsPageTest {

    private static final PageTables PAGE = PageTables.of(Path.of("TLS.md"));

    static List<List<String>> certificates() {
        return PAGE.tables().stream()
                .filter(table -> table.get(0).equals(List.of("`tls`", "the certificate")))
                .flatMap(table -> table.stream().skip(1))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("certificates")
    void serverShowsCertificateOfRow(List<String> row) throws Exception {
        String tls = PageTables.codesIn(row.get(0)).get(0).replace("NAME", "db.example.com");
        try (EchoServer server = EchoServer.builder().tls(tls).start()) {
            assertThat(server.speaksTls()).isEqualTo(!tls.equals("none"));
            if (!tls.equals("none")) {
                X509Certificate shown = shown(server);
                String names = String.valueOf(shown.getSubjectAlternativeNames());
                switch (tls) {
                    case "self-signed" -> {
                        shown.checkValidity();
                        assertThat(names).contains("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1");
                    }
                    case "expired" ->
                        assertThatThrownBy(shown::checkValidity).isInstanceOf(CertificateExpiredException.class);
                    case "not-yet-valid" ->
                        assertThatThrownBy(shown::checkValidity).isInstanceOf(CertificateNotYetValidException.class);
                    case "for db.example.com" ->
                        assertThat(names).contains("db.example.com").doesNotContain("localhost", "127.0.0.1");
                    default -> throw new AssertionError("no test knows " + tls);
                }
            }
        }
    }

    private static X509Certificate shown(EchoServer server) throws Exception {
        X509Certificate[] shown = new X509Certificate[1];
        X509TrustManager everything = new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type) {
                shown[0] = chain[0];
            }

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        };
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {everything}, null);
        try (SSLSocket socket = connect(context, server)) {
            socket.startHandshake();
        }
        return shown[0];
    }

    private static SSLSocket connect(SSLContext context, EchoServer server) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", server.port());
        socket.setSoTimeout(30_000);
        return socket;
    }

    @Test
    void everyRowOfCertificatesIsTested() {
        assertThat(certificates()).hasSize(5);
    }

    /** The tables of the client and of the relay: which words are no paths. */
    @Test
    void trustHasWordsOfPage(@TempDir Path folder) {
        String none = folder.resolve("none.pem").toString();
        for (String title : List.of("`upstreamTls`", "`tls`")) {
            List<List<List<String>>> tables = PAGE.tables().stream()
                    .filter(table -> table.get(0).get(0).equals(title)
                            && table.get(0).get(1).startsWith("whom"))
                    .toList();
            assertThat(tables).hasSize(1);
            List<String> words = tables.get(0).stream()
                    .skip(1)
                    .flatMap(row -> PageTables.codesIn(row.get(0)).stream())
                    .toList();
            assertThat(words).containsExactly("system", "insecure", "none");
            for (String word : words) {
                EchoClient.builder().set("tls", word);
                EchoServer.builder()
                        .upstream("localhost:1")
                        .warnings(line -> {})
                        .set("upstreamTls", word)
                        .build();
            }
        }
        assertThatThrownBy(() -> EchoClient.builder().set("tls", none)).hasMessageContaining("none.pem");
    }

    static Stream<List<String>> errors() {
        return PAGE.rows("what is wrong").stream();
    }

    @ParameterizedTest
    @MethodSource("errors")
    void clientReportsErrorOfRow(List<String> row) throws Exception {
        String what = row.get(0);
        EchoServer.Builder builder = EchoServer.builder().warnings(line -> {});
        EchoClient.Builder client = EchoClient.builder().connectTimeout(Duration.ofSeconds(20));
        switch (what) {
            case "nobody whom the client trusts has signed the certificate" -> {
                builder.tls("self-signed");
                client.tls("system");
            }
            case "it is expired" -> builder.tls("expired");
            case "it is not valid yet" -> builder.tls("not-yet-valid");
            case "it is for another host" -> builder.tls("for other.example");
            case "the server speaks no TLS" ->
                builder.script("expect 1, send \"HTTP/1.1 400 Bad Request\\r\\n\", close");
            case "it is an echo without TLS" -> builder.faults("none");
            case "the server refuses what the client offers" -> {
                builder.tls("self-signed").tlsParameters(only("TLSv1.3"));
                client.tlsParameters(only("TLSv1.2"));
            }
            case "the server resets the connection" ->
                builder.tls("self-signed").faults("reset after client-hello");
            case "it closes it" -> builder.tls("self-signed").faults("close after server-hello");
            case "it stalls" -> {
                builder.tls("self-signed").faults("stall after client-hello");
                client.connectTimeout(Duration.ofMillis(300));
            }
            default -> throw new AssertionError("no test knows the row \"" + what + "\"");
        }
        try (EchoServer server = builder.start()) {
            client.address("localhost:" + server.port());
            if (!what.startsWith("nobody")) {
                if (server.speaksTls()) {
                    client.tls(server.sslContext());
                } else {
                    client.tls("insecure");
                }
            }
            Throwable refused = catchThrowable(client::connect);
            assertThat(refused).isInstanceOf(IOException.class);
            assertThat(refused.getMessage()
                            .replaceFirst("^cannot connect to localhost:\\d+ with TLS:? ", "")
                            .replace("within 300ms", "within 5s"))
                    .as(what)
                    .matches(anyNumber(PageTables.codesIn(row.get(1)).get(0)) + ".*");
            assertThat(refused).hasMessageStartingWith("cannot connect to localhost:" + server.port() + " with TLS");
        }
    }

    private static SSLParameters only(String protocol) {
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(new String[] {protocol});
        return parameters;
    }

    /** The pattern of a text in which … stands for any text, and a number for any number. */
    private static String anyNumber(String text) {
        return Arrays.stream(text.split("…", -1))
                .map(part -> Arrays.stream(part.split("\\d{2,} bytes", -1))
                        .map(Pattern::quote)
                        .collect(Collectors.joining("\\d+ bytes")))
                .collect(Collectors.joining(".*"));
    }

    @Test
    void recordingHasEventsOfTable() throws Exception {
        List<List<String>> rows = PAGE.tables().stream()
                .filter(table -> table.get(0).equals(List.of("event", "detail")))
                .findFirst()
                .orElseThrow();
        assertThat(rows.stream()
                        .skip(1)
                        .map(row -> PageTables.codesIn(row.get(0)).get(0)))
                .containsExactly("HANDSHAKE", "ALERT");
        String handshake = PageTables.codesIn(rows.get(1).get(1)).get(0);
        List<String> alert = PageTables.codesIn(rows.get(2).get(1));
        SSLParameters h2 = new SSLParameters();
        h2.setApplicationProtocols(new String[] {"h2"});
        try (EchoServer server = EchoServer.builder()
                .tls("self-signed")
                .tlsParameters(h2)
                .recording()
                .start()) {
            try (SSLSocket socket = connect(server.sslContext(), server)) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setApplicationProtocols(new String[] {"h2"});
                parameters.setServerNames(List.of(new SNIHostName("localhost")));
                socket.setSSLParameters(parameters);
                socket.getOutputStream().write('x');
                assertThat(socket.getInputStream().read()).isEqualTo('x');
            }
            assertThat(details(server, 1, RecordedEvent.Kind.HANDSHAKE)).containsExactly(handshake);
        }
        try (EchoServer server =
                EchoServer.builder().tls("self-signed").recording().start()) {
            EchoClient.Builder client =
                    EchoClient.builder().address("localhost:" + server.port()).tls("system");
            assertThatThrownBy(client::connect).isInstanceOf(IOException.class);
            assertThat(alert).contains("certificate_unknown by the client");
            assertThat(details(server, 1, RecordedEvent.Kind.ALERT)).containsExactly(alert.get(0));
        }
    }

    private static List<String> details(EchoServer server, int connection, RecordedEvent.Kind kind) throws Exception {
        return server.recording().awaitConnections(connection).get(connection - 1).awaitEnd().events().stream()
                .filter(event -> event.kind() == kind)
                .map(RecordedEvent::detail)
                .toList();
    }
}
