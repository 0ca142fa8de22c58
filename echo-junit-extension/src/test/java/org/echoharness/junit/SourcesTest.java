package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where the extension finds external servers, and what it reports if there is none. The server "of another process" is
 * the test's own.
 */
class SourcesTest {

    private static final String HERE = SourcesTest.class.getName() + "$";
    private static final String OTHER = "127.0.0.1:1"; // where no one listens
    private static final String CURE =
            "; run the test through \"mvn verify\", where echo:start of its module comes before it and is not"
                    + " skipped; if start runs in another module, name its list by the configuration parameter"
                    + " echo.servers.file, such as ../NAME/target/echo/servers.properties; or set source to"
                    + " EXTERNAL_OR_EMBEDDED";

    private EchoServer server;
    private String address;
    private Path file;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        server = EchoServer.builder().start();
        address = HostAndPort.of(server.address()).toString();
        file = folder.resolve("servers.properties");
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void findsServerInFile() throws IOException {
        write("echo.server.default.address=" + address, "echo.pid=" + pid());

        run(External.class).passed(1);
        assertTalkedTo(server);
    }

    @Test
    void findsFileInModuleOfBuild(@TempDir Path module) throws IOException {
        file = module.resolve("target/echo/servers.properties");
        write("echo.server.default.address=" + address);
        String before = System.setProperty("basedir", module.toString());
        try {
            Run.of(External.class).passed(1);
        } finally {
            restore("basedir", before);
        }
        assertTalkedTo(server);
    }

    /** As with {@code <build><directory>out</directory>}. */
    @Test
    void findsFileBesideTestClasses() throws IOException {
        Path classes = Path.of(SourcesTest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath());
        assertThat(ServersFile.locate(classes.getParent().getParent(), SourcesTest.class))
                .isEqualTo(classes.getParent().getParent().resolve("target/echo/servers.properties"));

        file = classes.resolveSibling("echo/servers.properties");
        write("echo.server.default.address=" + address);
        try {
            assertThat(ServersFile.locate(Path.of("/elsewhere"), SourcesTest.class))
                    .isEqualTo(file);
            assertThat(ServersFile.locate(classes.getParent(), SourcesTest.class))
                    .isEqualTo(file);
        } finally {
            Files.delete(file);
        }
        assertThat(ServersFile.locate(Path.of("/elsewhere"), SourcesTest.class))
                .isEqualTo(Path.of("/elsewhere/target/echo/servers.properties"));
    }

    /** A class in {@code module/out/classes}; the folder above the module has the list of another module. */
    @Test
    void ignoresFileAboveModule(@TempDir Path above) throws Exception {
        Path module = above.resolve("module");
        Path classes = module.resolve("out/classes");
        String name = SourcesTest.class.getName() + "$External";
        Path copy = classes.resolve(name.replace('.', '/') + ".class");
        Files.createDirectories(copy.getParent());
        try (InputStream bytes = SourcesTest.class.getResourceAsStream("SourcesTest$External.class")) {
            Files.copy(bytes, copy);
        }
        file = above.resolve("echo/servers.properties");
        write("echo.server.default.address=" + address);
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {classes.toUri().toURL()}, null)) {
            Class<?> test = loader.loadClass(name);

            assertThat(ServersFile.locate(module, test)).isEqualTo(module.resolve("target/echo/servers.properties"));

            file = module.resolve("out/echo/servers.properties");
            write("echo.server.default.address=" + address);
            assertThat(ServersFile.locate(module, test)).isEqualTo(file);
        }
    }

    @Test
    void configurationParameterOverridesFile() throws IOException {
        write("echo.server.default.address=" + OTHER);

        run(Map.of("echo.server.default.address", address), External.class).passed(1);
        assertTalkedTo(server);
    }

    @Test
    void attributeOverridesConfigurationParameter() throws IOException {
        Throwable failure = run(Map.of("echo.server.default.address", address), ExternalByAttribute.class)
                .failure();

        assertThat(failure)
                .hasMessageStartingWith("parameter 1 (EchoClient) of " + HERE
                        + "ExternalByAttribute.test: server \"default\"" + " (@EchoTest on class " + HERE
                        + "ExternalByAttribute): cannot connect to 127.0.0.1:1; ")
                .hasMessageEndingWith(" (the address is from @EchoTest(external))")
                .hasRootCauseInstanceOf(ConnectException.class);
    }

    @Test
    void distinguishesServersByName() throws IOException {
        try (EchoServer second = EchoServer.builder().start()) {
            write(
                    "echo.server.a.address=" + address,
                    "echo.server.b.address=" + HostAndPort.of(second.address()),
                    "echo.pid=" + pid());

            run(TwoExternal.class).passed(1);
            assertTalkedTo(server, second);
        }
    }

    @Test
    void failsWithoutExternalAddress() throws IOException {
        assertThat(run(External.class).failure())
                .hasMessage(
                        refused("no address of it is known: neither @EchoTest(external) nor the configuration parameter"
                                + " echo.server.default.address or echo.control.url is set, and there is no file "
                                + file + CURE));
    }

    @Test
    void startsServerWithoutExternalAddress() throws IOException {
        Run run = run(ExternalOrEmbedded.class).passed(1);

        assertEmbedded(
                run,
                "no address of it is known: neither @EchoTest(external) nor the configuration parameter"
                        + " echo.server.default.address or echo.control.url is set, and there is no file " + file);
    }

    @Test
    void refusesFileOfEndedProcess() throws Exception {
        long ended = endedPid();
        write("echo.server.default.address=" + address, "echo.pid=" + ended);

        assertThat(run(External.class).failure())
                .hasMessage(refused(file + " is stale: process " + ended + ", which wrote it, has ended" + CURE));
    }

    @Test
    void startsServerIfProcessOfFileEnded() throws Exception {
        long ended = endedPid();
        write("echo.server.default.address=" + address, "echo.pid=" + ended);

        Run run = run(ExternalOrEmbedded.class).passed(1);

        assertEmbedded(run, file + " is stale: process " + ended + ", which wrote it, has ended");
    }

    @Test
    void refusesFileOfReusedProcessId() throws IOException {
        write("echo.server.default.address=" + address, "echo.pid=" + pid(), "echo.started=" + (started() - 2_001));

        assertThat(run(External.class).failure())
                .hasMessage(refused(file + " is stale: process " + pid()
                        + ", which wrote it, has ended, and another one has its number" + CURE));
    }

    @Test
    void toleratesSmallDifferenceOfStartTime() throws IOException {
        write("echo.server.default.address=" + address, "echo.pid=" + pid(), "echo.started=" + (started() + 2_000));

        run(External.class).passed(1);
    }

    @Test
    void refusesNameMissingInFile() throws IOException {
        write("echo.server.b.address=" + address, "echo.server.a.address=" + address);

        assertThat(run(External.class).failure())
                .hasMessage(refused(file + " has no server \"default\", only \"a\", \"b\"" + CURE));
    }

    @Test
    void refusesMalformedFileDespiteFallback() throws IOException {
        write("echo.server.default.address=" + address, "echo.pid=none");

        assertThat(run(ExternalOrEmbedded.class).failure())
                .hasMessage(refused(
                        ExternalOrEmbedded.class,
                        file + ": echo.pid (none) must be a whole number; delete the file, and run echo:start again"));
    }

    @Test
    void reportsWhyFileCannotBeRead() throws IOException {
        write("echo.server.default.address=\\u00zz");
        assertThat(run(External.class).failure())
                .hasMessage(refused(
                        file + " cannot be read (Malformed \\uxxxx encoding.); delete it, and run echo:start again"));
        Files.write(file, new byte[] {'a', '=', (byte) 0xFC});
        assertThat(run(External.class).failure())
                .hasMessage(refused(
                        file + " cannot be read (its bytes are not text in the expected charset); delete it, and"
                                + " run echo:start again"));
        Files.delete(file);
        Files.createDirectory(file);
        assertThat(run(External.class).failure())
                .hasMessage(refused(file + " cannot be read (Is a directory); delete it, and run echo:start again"));
    }

    @Test
    void prefersExternalServer() throws IOException {
        write("echo.server.default.address=" + address, "echo.pid=" + pid());

        Run run = run(ExternalOrEmbedded.class).passed(1);

        assertTalkedTo(server);
        assertThat(run.reported()).isEmpty();
    }

    @Test
    void triesNamedAddressFirst() throws IOException {
        run(Map.of("echo.server.default.address", address), ExternalOrEmbedded.class)
                .passed(1);
        assertTalkedTo(server);

        Run run = run(Map.of("echo.server.default.address", OTHER), ExternalOrEmbedded.class)
                .passed(1);
        assertThat(InjectedLog.clients()).extracting(EchoClient::remoteAddress).doesNotContain(server.address());
        assertThat(run.reported())
                .singleElement()
                .asString()
                .startsWith("{echo.server.default=embedded: cannot connect to 127.0.0.1:1; ")
                .endsWith(" (the address is from the configuration parameter echo.server.default.address)}");
    }

    @Test
    void reportsLimitsOfExternalServer() throws IOException {
        write("echo.server.default.address=" + address, "echo.pid=" + pid());
        String external = "{echo.server.default=external at " + address + " (the address is from " + file + "): ";
        String elsewhere = " cannot be judged, since its connections are in another process, and it has no control";

        assertThat(run(CheckedWhereEmbedded.class).passed(1).reported())
                .containsExactly(external + "checks (leaks, faults)" + elsewhere + "; bufferSize, faults: no effect,"
                        + " since it has the options that it was started with}");
        assertThat(run(Map.of("echo.checks", "all"), External.class).passed(1).reported())
                .containsExactly(external + "checks (leaks, resets, faults, script)" + elsewhere + "}");
        assertThat(run(Map.of("echo.checks", "none"), External.class).passed(1).reported())
                .isEmpty();
    }

    @Test
    void reportsChecksWithoutRecording() throws IOException {
        assertThat(run(Map.of("echo.checks", "resets"), Unrecorded.class)
                        .passed(1)
                        .reported())
                .containsExactly(
                        "{echo.server.default=embedded: checks (resets) cannot be judged, since its recording is"
                                + " none}");
    }

    @Test
    void errorNamesFileOfAddress() throws IOException {
        write("echo.server.default.address=" + OTHER);

        assertThat(run(External.class).failure())
                .hasMessageStartingWith(refused("cannot connect to 127.0.0.1:1; "))
                .hasMessageEndingWith(" (the address is from " + file + ")");
    }

    @Test
    void malformedAddressNamesItsSource() throws IOException {
        assertThat(run(Map.of("echo.server.default.address", "localhost:0"), External.class)
                        .failure())
                .hasMessage(refused("address (localhost:0) must name the port that the server listens on; port 0 is for"
                        + " servers (the address is from the configuration parameter echo.server.default.address)"));

        write("echo.server.default.address=nowhere");
        assertThat(run(ExternalAddress.class).failure())
                .hasMessageStartingWith("parameter 1 (InetSocketAddress) of " + HERE + "ExternalAddress.test: server"
                        + " \"default\" (@EchoTest on class " + HERE
                        + "ExternalAddress): address (nowhere) is not usable: ")
                .hasMessageEndingWith(" (the address is from " + file + ")");
    }

    @Test
    void refusesToInjectExternalServerObject() throws IOException {
        String why = "it is external, and has no control by which its EchoServer could be reached (the address is from "
                + file + "); start it with the option control, inject EchoClient, Supplier<EchoClient>,"
                + " InetSocketAddress, UnixDomainSocketAddress, Path, URI or int instead, or set source to EMBEDDED";
        write("echo.server.default.address=" + address);
        assertThat(run(ExternalServer.class).failure()).hasMessage(refused(ExternalServer.class, why));
        assertThat(run(ExternalOrEmbeddedServer.class).failure())
                .hasMessage(refused(ExternalOrEmbeddedServer.class, why));
    }

    @Test
    void injectsEmbeddedServerWithoutExternalOne() throws IOException {
        run(ExternalOrEmbeddedServer.class).passed(1);

        assertThat(InjectedLog.servers()).hasSize(1);
    }

    @Test
    void injectsOtherTypesOfExternalServer() throws IOException {
        write("echo.server.default.address=" + address);

        run(ExternalTypes.class).passed(1);
        assertTalkedTo(server, server);
    }

    @Test
    void serverDeclaredByCodeMayBeExternal() throws IOException {
        write("echo.server.default.address=" + address);

        run(ExternalByCode.class).passed(1);
        assertTalkedTo(server);
    }

    @Test
    void looksUpExternalServerOnlyIfInjected() throws IOException {
        run(ExternalNotInjected.class).passed(1);
    }

    @Test
    void opensServerIfReportCannotBePublished() throws Exception {
        ExtensionContext context = (ExtensionContext) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ExtensionContext.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("publishReportEntry")) {
                        throw new IllegalStateException("on purpose");
                    }
                    return Optional.empty(); // of configuration parameters
                });
        EchoTest options = ExternalOrEmbedded.class.getAnnotation(EchoTest.class);

        TargetServer target = TargetServer.open(
                new Declaration(EchoExtension.Annotations.options(options), ExternalOrEmbedded.class),
                ScopePath.WHOLE_RUN,
                context);
        assertThat(target.server().isRunning()).isTrue();
        target.close();
    }

    @Test
    void externalServerStaysOpen() throws IOException {
        write("echo.server.default.address=" + address);
        run(External.class).passed(1);

        assertThat(server.isRunning()).isTrue();
        run(External.class).passed(1);
    }

    private Run run(Class<?> fixture) {
        return run(Map.of(), fixture);
    }

    private Run run(Map<String, String> more, Class<?> fixture) {
        Map<String, String> configuration = new HashMap<>(more);
        configuration.put("echo.servers.file", file.toString());
        return Run.with(configuration, fixture);
    }

    private void write(String... lines) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, List.of(lines));
    }

    private void assertTalkedTo(EchoServer... servers) {
        assertThat(InjectedLog.clients())
                .extracting(EchoClient::remoteAddress)
                .containsExactlyElementsOf(
                        Arrays.stream(servers).map(EchoServer::address).toList());
    }

    private void assertEmbedded(Run run, String because) {
        assertThat(run.reported()).containsExactly("{echo.server.default=embedded: " + because + "}");
        assertThat(InjectedLog.clients())
                .singleElement()
                .extracting(EchoClient::remoteAddress)
                .isNotEqualTo(server.address());
    }

    private static String refused(String why) {
        return refused(External.class, why);
    }

    private static String refused(Class<?> fixture, String why) {
        String type = fixture.getSimpleName().endsWith("Server") ? "EchoServer" : "EchoClient";
        return "parameter 1 (" + type + ") of " + fixture.getName() + ".test: server \"default\" (@EchoTest on class "
                + fixture.getName() + "): " + why;
    }

    private static long pid() {
        return ProcessHandle.current().pid();
    }

    private static long started() {
        return ProcessHandle.current().info().startInstant().orElseThrow().toEpochMilli();
    }

    private static long endedPid() throws Exception {
        Process process = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-version")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
        return process.pid();
    }

    private static void restore(String property, String before) {
        if (before == null) {
            System.clearProperty(property);
        } else {
            System.setProperty(property, before);
        }
    }

    @EchoTest(source = Source.EXTERNAL)
    static class External {
        @Test
        void test(EchoClient client, @Echo InetSocketAddress address) throws IOException {
            assertThat(client.remoteAddress()).isEqualTo(address);
            InjectedLog.client(client);
        }
    }

    @EchoTest(
            source = Source.EXTERNAL_OR_EMBEDDED,
            checks = "faults, leaks",
            faults = "reset after 1MiB",
            bufferSize = "1KiB")
    static class CheckedWhereEmbedded {
        @Test
        void test(EchoClient client) throws IOException {
            InjectedLog.client(client);
        }
    }

    @EchoTest(recording = "none")
    static class Unrecorded {
        @Test
        void test(EchoClient client) throws IOException {
            InjectedLog.client(client);
        }
    }

    @EchoTest(source = Source.EXTERNAL)
    static class ExternalAddress {
        @Test
        void test(@Echo InetSocketAddress address) {}
    }

    @EchoTest(source = Source.EXTERNAL, external = OTHER, connectTimeout = "4s")
    static class ExternalByAttribute {
        @Test
        void test(EchoClient client) {}
    }

    @EchoTest(name = "a", source = Source.EXTERNAL)
    @EchoTest(name = "b", source = Source.EXTERNAL)
    static class TwoExternal {
        @Test
        void test(@Echo("a") EchoClient first, @Echo("b") EchoClient second) throws IOException {
            InjectedLog.client(first);
            InjectedLog.client(second);
        }
    }

    @EchoTest(source = Source.EXTERNAL)
    static class ExternalTypes {
        @Test
        void test(
                @Echo InetSocketAddress address,
                @Echo URI uri,
                @Echo int port,
                EchoClient client,
                @Echo Supplier<EchoClient> clients)
                throws IOException {
            assertThat(uri).hasToString("tcp://127.0.0.1:" + address.getPort());
            assertThat(port).isEqualTo(address.getPort());
            InjectedLog.client(client);
            InjectedLog.client(clients.get());
        }
    }

    static class ExternalByCode {
        @RegisterExtension
        static final EchoExtension EXTENSION =
                EchoExtension.builder().source(Source.EXTERNAL).build();

        @Test
        void test(EchoClient client) throws IOException {
            InjectedLog.client(client);
        }
    }

    static class ExternalNotInjected {
        @RegisterExtension
        static final EchoExtension EXTENSION =
                EchoExtension.builder().source(Source.EXTERNAL).build();

        @Test
        void test() {}
    }

    @EchoTest(source = Source.EXTERNAL_OR_EMBEDDED)
    static class ExternalOrEmbedded {
        @Test
        void test(EchoClient client) throws IOException {
            InjectedLog.client(client);
        }
    }

    @EchoTest(source = Source.EXTERNAL)
    static class ExternalServer {
        @Test
        void test(EchoServer server) {}
    }

    @EchoTest(source = Source.EXTERNAL_OR_EMBEDDED)
    static class ExternalOrEmbeddedServer {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }
}
