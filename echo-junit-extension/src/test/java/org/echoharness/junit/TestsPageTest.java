package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Recording;
import org.echoharness.support.PageTables;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The tables of the page TESTS, and the failures that it shows, against tests that run. */
@Timeout(60)
class TestsPageTest {

    private static final PageTables PAGE = PageTables.of(Path.of("TESTS.md"));

    @AfterEach
    void closeWhatFixturesLeave() throws IOException {
        LeakyFixtures.closeAll();
    }

    @EchoTest
    @EchoTest(name = "unix", addresses = "unix:")
    @EchoTest(name = "tls", tls = "self-signed")
    static class EveryType {
        @Test
        void gets(
                @Echo EchoServer server,
                @Echo EchoClient client,
                @Echo Supplier<EchoClient> clients,
                @Echo InetSocketAddress address,
                @Echo URI uri,
                @Echo int port,
                @Echo("unix") UnixDomainSocketAddress unix,
                @Echo("unix") Path path,
                @Echo("tls") SSLContext context,
                @Echo("tls") SSLSocketFactory factory,
                @Echo("tls") X509Certificate certificate,
                @Echo Recording recording) {
            assertThat(List.of(
                            server,
                            client,
                            clients,
                            address,
                            uri,
                            port,
                            unix,
                            path,
                            context,
                            factory,
                            certificate,
                            recording))
                    .doesNotContainNull();
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS) // it has no Unix sockets with file modes
    void everyTypeOfTableIsInjected() throws Exception {
        List<String> types = Stream.of(EveryType.class.getDeclaredMethods())
                .filter(method -> method.getName().equals("gets"))
                .flatMap(method -> Arrays.stream(method.getGenericParameterTypes()))
                .map(type -> type.getTypeName().replaceAll("[a-z0-9]+\\.", ""))
                .toList();

        assertThat(PAGE.rows("type").stream().flatMap(row -> PageTables.codesIn(row.get(0)).stream()))
                .containsExactlyInAnyOrderElementsOf(types);
        Run.of(EveryType.class).passed(1);
    }

    @Test
    void tablesHaveEveryScopeSourceAndCheck() {
        assertThat(words("`scope`")).containsExactlyInAnyOrderElementsOf(names(EchoScope.values()));
        assertThat(words("`source`")).containsExactlyInAnyOrderElementsOf(names(Source.values()));
        assertThat(words("`checks`"))
                .containsExactlyInAnyOrderElementsOf(
                        Stream.concat(names(Check.values()).stream(), Stream.of("all", "none"))
                                .toList());
    }

    private static List<String> words(String title) {
        return PAGE.rows(title).stream()
                .map(row -> PageTables.codesIn(row.get(0)).get(0))
                .toList();
    }

    private static List<String> names(Object[] values) {
        return Stream.of(values).map(Object::toString).toList();
    }

    @EchoTest
    static class LeakTest {
        @Test
        void leaks(EchoServer server) throws IOException {
            LeakyFixtures.keepOpen(new Socket(server.address().getAddress(), server.port()));
        }
    }

    @EchoTest(script = "expect 1, expect line \"EHLO {host}\", send \"a\", send \"b\", send \"c\", send \"d\"")
    static class LoginTest {
        @Test
        void logsIn(EchoServer server) throws IOException {
            for (String sent : List.of("xEHLO me\r\n", "xHELO me\r\n")) {
                try (Socket socket = new Socket(server.address().getAddress(), server.port())) {
                    socket.setSoTimeout(30_000);
                    socket.getOutputStream().write(sent.getBytes(UTF_8));
                    socket.shutdownOutput();
                    socket.getInputStream().readAllBytes();
                } catch (IOException reset) {
                    // the client swallows it
                }
            }
        }
    }

    @EchoTest(faults = "corrupt byte 3")
    static class ReaderTest {
        @Test
        void clientReadsEcho(EchoClient client) throws IOException {
            client.expectEcho("hello".getBytes(UTF_8));
        }
    }

    /** Numbers of ports, times and lines differ in each run. */
    @Test
    void failuresAreAsShown() {
        List<String> blocks = Pattern.compile("^```(\\w*)\\R(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
                .matcher(PAGE.text())
                .results()
                .filter((MatchResult found) -> found.group(1).isEmpty())
                .map(found -> found.group(2))
                .toList();
        assertThat(blocks).hasSize(3);
        assertThat(masked(text(Run.of(LeakTest.class)))).startsWith(masked(firstLine(blocks.get(0))));
        assertThat(masked(text(Run.of(LoginTest.class)))).startsWith(masked(firstLine(blocks.get(1))));
        String failure = masked(text(Run.of(ReaderTest.class)))
                // if TCP has brought the first two bytes alone
                .replace("expected \"llo\", received \"\\x93lo\"", "expected \"hello\", received \"he\\x93lo\"");
        for (String line : masked(blocks.get(2)).lines().toList()) {
            assertThat(failure).contains(line.strip());
        }
    }

    private static String firstLine(String block) {
        return block.lines().findFirst().orElseThrow();
    }

    /** The failure as a stack trace shows it, with the conversation. */
    private static String text(Run run) {
        Throwable failure = run.failures().get(0);
        StringBuilder text = new StringBuilder(failure.toString());
        Stream.of(failure.getStackTrace())
                .forEach(line -> text.append("\n\tat ").append(line));
        Stream.of(failure.getSuppressed())
                .forEach(each -> text.append("\n\tSuppressed: ").append(Objects.toString(each)));
        return text.toString();
    }

    private static String masked(String text) {
        return text.replaceAll("127\\.0\\.0\\.1:\\d+", "127.0.0.1:PORT")
                .replaceAll("(?m)^ *\\d+\\.\\d{3}  ", "TIME  ")
                .replaceAll("\\.java:\\d+", ".java:LINE")
                .replaceAll("(?m)\\tat .*(?=ReaderTest\\.clientReadsEcho).*", "\tat ReaderTest.clientReadsEcho")
                .replaceAll("class \\S*\\$?(LeakTest|LoginTest)", "class $1");
    }
}
