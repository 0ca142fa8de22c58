package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The files of failed tests, over several runs in one output directory. */
class AttachmentsTest {

    private static final String[] OURS = {
        "conversation.html", "conversation.pcapng", "conversation.script", "transcript.txt"
    };

    private static volatile String message = "";
    private static volatile boolean fails;

    @TempDir
    private Path output;

    @BeforeEach
    void begin() {
        message = "first";
        fails = true;
    }

    /** Runs the tests as a build does, and returns their failures. */
    private List<Throwable> run(DiscoverySelector... selected) {
        InjectedLog.reset();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selected)
                .configurationParameter("junit.platform.reporting.output.dir", output.toString())
                .build();
        List<Throwable> failures = new ArrayList<>();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                result.getThrowable().ifPresent(failures::add);
            }
        });
        return failures;
    }

    private List<Throwable> run(Class<?> fixture) {
        return run(DiscoverySelectors.selectClass(fixture));
    }

    private Throwable runToFailure(Class<?> fixture) {
        List<Throwable> failures = run(fixture);
        assertThat(failures).hasSize(1);
        return failures.get(0);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(output)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private Path only(String name) throws IOException {
        List<Path> files = files().stream().filter(file -> file.endsWith(name)).toList();
        assertThat(files).hasSize(1);
        return files.get(0);
    }

    @EchoTest
    static class Each {
        @Test
        void test(EchoClient client) throws IOException {
            client.expectEcho(message.getBytes(UTF_8));
            assertThat(fails).as("on purpose").isFalse();
        }
    }

    @Test
    void pageNamesTest() throws IOException {
        run(Each.class);
        assertThat(only("conversation.html")).content().contains("<h1>AttachmentsTest.Each.test(EchoClient)</h1>");
    }

    static class OnItsMethod {
        @Test
        @EchoTest
        void test(EchoClient client) throws IOException {
            client.expectEcho(message.getBytes(UTF_8));
            assertThat(fails).as("on purpose").isFalse();
        }
    }

    static class InNested {
        @Nested
        @EchoTest
        class Inner {
            @Test
            void test(EchoClient client) throws IOException {
                client.expectEcho(message.getBytes(UTF_8));
                assertThat(fails).as("on purpose").isFalse();
            }
        }
    }

    @EchoTest(checks = "leaks", readTimeout = "100ms")
    static class AtTheEndOfItsClass {
        static EchoClient left;

        @BeforeAll
        static void begin(EchoServer server) throws IOException {
            left = EchoClient.connect(server.address());
            left.expectEcho(message.getBytes(UTF_8));
        }

        @Test
        void test() throws IOException {
            if (!fails) {
                left.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {Each.class, OnItsMethod.class, InNested.class, AtTheEndOfItsClass.class})
    void secondFailureReplacesFirst(Class<?> fixture) throws IOException {
        runToFailure(fixture);
        assertThat(Files.readString(only("transcript.txt"))).contains("\"first\"");
        message = "second";

        Throwable failure = runToFailure(fixture);

        assertThat(failure.getSuppressed())
                .extracting(Throwable::getMessage)
                .noneMatch(each -> each.contains("could not be written"));
        assertThat(files()).extracting(each -> each.getFileName().toString()).containsExactly(OURS);
        assertThat(Files.readString(only("transcript.txt")))
                .contains("\"second\"")
                .doesNotContain("first");
    }

    @ParameterizedTest
    @ValueSource(classes = {Each.class, OnItsMethod.class, InNested.class, AtTheEndOfItsClass.class})
    void greenTestKeepsNoFiles(Class<?> fixture) throws IOException {
        runToFailure(fixture);
        fails = false;

        assertThat(run(fixture)).isEmpty();

        assertThat(files()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(classes = {Each.class, InNested.class})
    void greenTestMakesNoDirectory(Class<?> fixture) throws IOException {
        fails = false;

        assertThat(run(fixture)).isEmpty();

        try (Stream<Path> all = Files.walk(output)) {
            assertThat(all.filter(each -> each.toString().contains(getClass().getSimpleName())))
                    .isEmpty();
        }
    }

    @EchoTest
    static class Two {
        @Test
        void one(EchoClient client) throws IOException {
            client.expectEcho(message.getBytes(UTF_8));
            assertThat(fails).as("on purpose").isFalse();
        }

        @Test
        void two(EchoClient client) throws IOException {
            client.expectEcho(message.getBytes(UTF_8));
            assertThat(fails).as("on purpose").isFalse();
        }
    }

    @Test
    void keepsFilesOfTestsNotRun() throws IOException {
        assertThat(run(Two.class)).hasSize(2);
        fails = false;

        assertThat(run(DiscoverySelectors.selectMethod(Two.class, "two", EchoClient.class)))
                .isEmpty();

        assertThat(only("transcript.txt").toString()).contains("one(");
    }

    @Test
    void keepsFilesOfOthers() throws IOException {
        runToFailure(Each.class);
        Path directory = only("transcript.txt").getParent();
        Files.writeString(directory.resolve("mine.txt"), "mine");
        Files.createDirectory(directory.resolveSibling("other"));
        Files.writeString(directory.resolveSibling("other").resolve("transcript.txt"), "other");
        fails = false;

        assertThat(run(Each.class)).isEmpty();

        assertThat(files())
                .containsExactly(
                        directory.resolve("mine.txt"),
                        directory.resolveSibling("other").resolve("transcript.txt"));
    }

    @EchoTest
    static class Unattached {
        @Test
        @EchoTest(attachments = false)
        void test(EchoClient client) throws IOException {
            for (int i = 0; i < 100; i++) {
                client.expectEcho(message.getBytes(UTF_8));
            }
            assertThat(fails).as("on purpose").isFalse();
        }
    }

    @EchoTest
    static class Talkative {
        @Test
        void test(EchoClient client) throws IOException {
            for (int i = 0; i < 100; i++) {
                client.expectEcho(message.getBytes(UTF_8));
            }
            assertThat(fails).as("on purpose").isFalse();
        }
    }

    @Test
    void leftOutTextNamesItsFile() throws IOException {
        Throwable failure = runToFailure(Talkative.class);

        assertThat(failure.getSuppressed())
                .singleElement()
                .asString()
                .matches("(?s).*\\n\\(\\d+ lines before these are in \\Q" + only("transcript.txt") + "\\E\\)\\n.*");
    }

    @Test
    void reportsTextLeftOutWithoutFiles() {
        assertThat(runToFailure(Unattached.class).getSuppressed())
                .singleElement()
                .asString()
                .matches("(?s).*\\n\\(\\d+ lines before these are left out; attachments keep all\\)\\n.*");
    }

    static class MuchIsSaid {
        @RegisterExtension
        final EchoExtension first = EchoExtension.builder().name("first").build();

        @RegisterExtension
        final EchoExtension second = EchoExtension.builder().name("second").build();

        @Test
        void test(@Echo("first") EchoServer one, @Echo("second") EchoServer other) throws IOException {
            for (EchoServer server : List.of(one, other)) {
                for (int i = 0; i < 100; i++) {
                    try (EchoClient client = EchoClient.connect(server.address())) {
                        client.expectEcho(new byte[60_000]);
                    }
                }
            }
            throw new AssertionError("on purpose");
        }
    }

    @Test
    void limitsFilesOfATest() throws IOException {
        Throwable failure = runToFailure(MuchIsSaid.class);

        List<Path> files = files();
        assertThat(files).hasSize(8);
        long bytes = 0;
        for (Path file : files) {
            bytes += Files.size(file);
        }
        assertThat(bytes).isBetween(Attachments.MOST_BYTES / 3, Attachments.MOST_BYTES + 6_000);
        assertThat(failure.getSuppressed())
                .extracting(Throwable::getMessage)
                .hasSize(2)
                .allMatch(each ->
                        each.contains("(the attachments of a test are limited to 6 MiB: they contain the newest")
                                && each.length() < 30_000);
    }
}
