package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.io.Reader;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublishedAddressesTest {

    @TempDir
    private Path directory;

    private final List<String> warnings = new ArrayList<>();

    private Build build;

    private Properties project;

    @BeforeEach
    void begin() {
        build = new Build(directory);
        project = build.project.getProperties();
    }

    @Test
    void firstAddressHasNoNumber() {
        assertThat(PublishedAddresses.properties(
                        "up",
                        List.of(new InetSocketAddress("198.51.100.1", 4711), new InetSocketAddress("192.0.2.1", 4712))))
                .containsExactly(
                        entry("echo.server.up.1.address", "192.0.2.1:4712"),
                        entry("echo.server.up.1.host", "192.0.2.1"),
                        entry("echo.server.up.1.port", "4712"),
                        entry("echo.server.up.address", "198.51.100.1:4711"),
                        entry("echo.server.up.host", "198.51.100.1"),
                        entry("echo.server.up.port", "4711"));
    }

    @Test
    void unixSocketHasPathInPlaceOfHostAndPort() {
        assertThat(PublishedAddresses.properties("up", List.of(UnixDomainSocketAddress.of("/tmp/echo.sock"))))
                .containsExactly(
                        entry("echo.server.up.address", "unix:/tmp/echo.sock"),
                        entry("echo.server.up.path", "/tmp/echo.sock"));
    }

    @Test
    void listKeepsEveryCharacterOfPath() throws Exception {
        String path = "/tmp/a\\b c\u00fc\u20ac/s";
        ServersListFile file = new ServersListFile(directory.resolve("list"), line -> {});
        file.write(new TreeMap<>(Map.of("echo.server.up.path", path)));
        for (Charset charset : List.of(StandardCharsets.UTF_8, StandardCharsets.ISO_8859_1)) {
            Properties read = new Properties();
            try (Reader in = Files.newBufferedReader(directory.resolve("list"), charset)) {
                read.load(in);
            }
            assertThat(read).containsEntry("echo.server.up.path", path);
        }
    }

    @Test
    void ipv6AddressWithPortHasBrackets() {
        assertThat(PublishedAddresses.properties("up", List.of(new InetSocketAddress("2001:db8::1", 4711))))
                .containsEntry("echo.server.up.address", "[2001:db8::1]:4711")
                .containsEntry("echo.server.up.host", "2001:db8::1");
    }

    @Test
    void publishesWildcardAsLoopback() {
        assertThat(PublishedAddresses.properties("up", List.of(new InetSocketAddress("0.0.0.0", 4711))))
                .containsEntry("echo.server.up.address", "127.0.0.1:4711");
        assertThat(PublishedAddresses.properties("up", List.of(new InetSocketAddress("::", 4711))))
                .containsEntry("echo.server.up.address", "127.0.0.1:4711");
    }

    @Test
    void fileHasSortedKeysAndProcessId() throws Exception {
        PublishedAddresses published = published();
        try (EchoServer one = EchoServer.builder().start();
                EchoServer two = EchoServer.builder().addresses("127.0.0.1:0").start()) {
            published.update(Map.of("b", one, "a", two));
            Path file = directory.resolve("echo/servers.properties");
            assertThat(Files.readAllLines(file)).isSorted().doesNotContain("#");

            Properties read = new Properties();
            try (Reader reader = Files.newBufferedReader(file)) {
                read.load(reader);
            }
            ProcessHandle self = ProcessHandle.current();
            assertThat(read.remove("echo.pid")).isEqualTo(Long.toString(self.pid()));
            assertThat(read.remove("echo.started"))
                    .isEqualTo(self.info()
                            .startInstant()
                            .map(start -> Long.toString(start.toEpochMilli()))
                            .orElse(null));
            assertThat(read)
                    .isEqualTo(project)
                    .hasSize(6)
                    .containsEntry("echo.server.b.address", "127.0.0.1:" + one.port())
                    .containsEntry("echo.server.a.port", Integer.toString(two.port()));
            assertThat(directory.resolve("echo")).isDirectoryNotContaining("glob:**.tmp");
        }
    }

    @Test
    void replacesFileOfEarlierProcess() throws Exception {
        Path file = Files.createDirectories(directory.resolve("echo")).resolve("servers.properties");
        Files.writeString(file, "echo.pid=1\necho.server.gone.port=1\n");
        try (EchoServer server = EchoServer.builder().start()) {
            published().update(Map.of("here", server));
        }
        assertThat(file).content().contains("echo.server.here.port=").doesNotContain("gone");
    }

    @Test
    void keepsPublishedPropertiesIfNextWriteFails() throws Exception {
        PublishedAddresses published = published();
        try (EchoServer one = EchoServer.builder().start();
                EchoServer two = EchoServer.builder().start()) {
            published.update(Map.of("one", one));
            Files.delete(directory.resolve("echo/servers.properties"));
            Files.createDirectories(directory.resolve("echo/servers.properties/in the way"));

            assertThatThrownBy(() -> published.update(Map.of("one", one, "two", two)))
                    .isInstanceOf(IOException.class);

            assertThat(project).containsKey("echo.server.one.port").doesNotContainKey("echo.server.two.port");
            assertThat(directory.resolve("echo")).isDirectoryNotContaining("glob:**.tmp");
        }
    }

    @Test
    void keepsOtherProperties() throws Exception {
        project.setProperty("mine", "yes");
        PublishedAddresses published = published();
        try (EchoServer server = EchoServer.builder().start()) {
            published.update(Map.of("one", server));
            published.update(Map.of("two", server));
        }
        assertThat(project).hasSize(4).containsKeys("mine", "echo.server.two.port");

        published.clear();
        published.clear();

        assertThat(project).containsOnly(entry("mine", "yes"));
        assertThat(directory.resolve("echo/servers.properties")).doesNotExist();
    }

    @Test
    void refusesHidingPropertyOfCommandLine() throws Exception {
        build.request.getUserProperties().setProperty("echo.server.one.address", "127.0.0.1:4711");
        PublishedAddresses published = published();
        try (EchoServer server = EchoServer.builder().start()) {
            published.update(Map.of("two", server));
            assertThatThrownBy(() -> published.update(Map.of("one", server, "two", server)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "echo.server.one.address (127.0.0.1:4711) is a property of the command line already and"
                                    + " would hide the server's; leave it out there, or set echo.skip where another server is meant");
        }
        assertThat(project).containsKey("echo.server.two.port").doesNotContainKey("echo.server.one.port");
        assertThat(directory.resolve("echo/servers.properties")).content().doesNotContain("echo.server.one");
    }

    @Test
    void writesAndDeletesUsersFile() throws Exception {
        Path file = directory.resolve("new/ports.properties");
        PublishedAddresses published = published();
        published.alsoIn(file);
        try (EchoServer server = EchoServer.builder().control("127.0.0.1:0").start()) {
            published.update(Map.of("one", server));
            assertThat(file).hasSameTextualContentAs(directory.resolve("echo/servers.properties"));
            published().alsoIn(file); // a killed build left it, so it may be replaced
        }
        published.clear();
        assertThat(file).doesNotExist();
    }

    @Test
    void keepsForeignFile() throws Exception {
        Path file = Files.writeString(directory.resolve("pom.xml"), "<project/>");
        assertThatThrownBy(() -> published().alsoIn(file))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("portsFile (" + file
                        + ") exists and is no list of servers; name a file that may be replaced and deleted");
        assertThat(file).hasContent("<project/>");
    }

    @Test
    void withdrawsListIfUsersFileCannotBeWritten() throws Exception {
        Files.createFile(directory.resolve("folder"));
        PublishedAddresses published = published();
        published.alsoIn(directory.resolve("folder/ports.properties"));
        try (EchoServer server = EchoServer.builder().start()) {
            assertThatThrownBy(() -> published.update(Map.of("one", server))).isInstanceOf(IOException.class);
        }
        assertThat(directory.resolve("echo/servers.properties")).doesNotExist();
        assertThat(project).isEmpty();
    }

    private PublishedAddresses published() {
        return new PublishedAddresses(build.session(), build.project, directory, warnings::add);
    }
}
