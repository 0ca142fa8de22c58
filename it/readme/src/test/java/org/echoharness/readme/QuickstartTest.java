package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.echoharness.EchoServer;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The tests of the quickstart pass unchanged, wherever their servers run. */
@Timeout(120)
class QuickstartTest {

    private static final Path SOURCES = Path.of("..", "quickstart", "src", "test", "java");
    private static final String PACKAGE = "org.echoharness.quickstart.";

    @TempDir
    private static Path folder;

    private static URLClassLoader loader;
    private static List<String> names;

    @BeforeAll
    static void compile() throws IOException {
        List<Path> sources;
        try (Stream<Path> files = Files.walk(SOURCES)) {
            sources = files.filter(each -> each.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
        names = sources.stream()
                .map(each -> each.getFileName().toString().replace(".java", ""))
                .filter(each -> each.endsWith("Test") || each.endsWith("IT"))
                .toList();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            List<String> options = List.of(
                    "-d",
                    folder.toString(),
                    "-encoding",
                    "UTF-8",
                    "-proc:none",
                    "-classpath",
                    System.getProperty("java.class.path"));
            assertThat(compiler.getTask(
                                    null, manager, null, options, null, manager.getJavaFileObjectsFromPaths(sources))
                            .call())
                    .isTrue();
        }
        loader = new URLClassLoader(new URL[] {folder.toUri().toURL()});
    }

    @AfterAll
    static void close() throws IOException {
        loader.close();
    }

    /** What the tests of some classes have done. */
    private static final class Result implements TestExecutionListener {
        private final List<String> failures = new ArrayList<>();
        private final List<String> entries = new ArrayList<>();
        private int passed;

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            result.getThrowable().ifPresent(thrown -> failures.add(test.getDisplayName() + ": " + thrown));
            passed += test.isTest() && result.getStatus() == TestExecutionResult.Status.SUCCESSFUL ? 1 : 0;
        }

        @Override
        public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
            entry.getKeyValuePairs().forEach((key, value) -> {
                if (key.startsWith("echo.server.")) {
                    entries.add(key.substring("echo.server.".length()) + " is "
                            + value.substring(0, value.indexOf(' ') - 1));
                }
            });
        }
    }

    private static Result run(Map<String, String> configuration, List<String> tests) throws ClassNotFoundException {
        List<DiscoverySelector> classes = new ArrayList<>();
        for (String each : tests) {
            classes.add(selectClass(loader.loadClass(PACKAGE + each)));
        }
        Result result = new Result();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .filters(EngineFilter.includeEngines("junit-jupiter"))
                                .selectors(classes)
                                .configurationParameters(configuration)
                                .build(),
                        result);
        assertThat(result.failures).isEmpty();
        return result;
    }

    private static ForkedProcess serverOfCommandLine() throws IOException {
        return new ForkedProcess(ForkedProcess.java(
                List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"),
                List.of(ForkedProcess.home(EchoServer.class)),
                "org.echoharness.cli.Main",
                "server",
                "127.0.0.1:0",
                "--quiet",
                "--control",
                "127.0.0.1:0"));
    }

    private static String url(ForkedProcess process) throws InterruptedException {
        return process.lines()
                .await("control at http://127\\.0\\.0\\.1:\\d+/#token=[0-9a-f]{32}")
                .substring("control at ".length());
    }

    private static long accepted(String url, String... ids) throws IOException {
        URI uri = URI.create(url.replaceFirst("#.*", ""));
        String token = url.replaceFirst(".*=", "");
        long accepted = 0;
        for (String id : ids) {
            try (EchoServer server = EchoServer.connect(uri, token, id)) {
                accepted += server.counters().accepted();
            }
        }
        return accepted;
    }

    /** All but those that ask for a server of the build. */
    private static List<String> allButOfBuild() {
        return names.stream()
                .filter(each -> !List.of("PluginServerIT", "ControlledServerIT").contains(each))
                .toList();
    }

    @Test
    void passesWithEmbeddedServers() throws Exception {
        Result result = run(Map.of(), allButOfBuild());

        assertThat(result.passed).isEqualTo(20);
        assertThat(result.entries).containsExactly("default is embedded");
    }

    @Test
    void passesWithServerOfCommandLine() throws Exception {
        try (ForkedProcess process = serverOfCommandLine()) {
            String url = url(process);
            Result result = run(Map.of("echo.source", "EXTERNAL_OR_EMBEDDED", "echo.control.url", url), names);

            assertThat(result.passed).isEqualTo(23);
            assertThat(new TreeSet<>(result.entries))
                    .containsExactly(
                            "primary is embedded",
                            "real is embedded",
                            "replica is embedded",
                            "upstream is embedded"); // the command line has one server
            assertThat(accepted(url, "default")).isEqualTo(73);
        }
    }

    @Test
    void tenTestsPassWithServersOfAnotherProcess() throws Exception {
        try (ForkedProcess process = new ForkedProcess(ForkedProcess.java(
                List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"),
                List.of(ForkedProcess.home(EchoServer.class), ForkedProcess.home(ThreeServers.class)),
                ThreeServers.class.getName()))) {
            String url = url(process);
            Result result = run(Map.of("echo.source", "EXTERNAL", "echo.control.url", url), List.of("TenTest"));

            assertThat(result.passed).isEqualTo(10);
            assertThat(result.entries).isEmpty();
            assertThat(accepted(url, "default")).isEqualTo(60);
            assertThat(accepted(url, "primary", "replica")).isEqualTo(2);
        }
    }

    /** The servers of another process, which share one interface. */
    static final class ThreeServers {

        private ThreeServers() {}

        public static void main(String[] args) throws Exception {
            try (EchoServer first = EchoServer.builder().control("127.0.0.1:0").start();
                    EchoServer primary =
                            EchoServer.builder().control(first, "primary").start();
                    EchoServer replica =
                            EchoServer.builder().control(primary, "replica").start()) {
                System.out.println("control at " + first.controlUri().orElseThrow() + "#token="
                        + first.controlToken().orElseThrow());
                replica.awaitClose(java.time.Duration.ofMinutes(2));
            }
        }
    }
}
