package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A failed test reports what happened on its connections. */
class FailureTest {

    private static Stream<String> transcripts(Throwable failure) {
        return Stream.of(failure.getSuppressed())
                .filter(EchoTranscript.class::isInstance)
                .map(Throwable::getMessage)
                .filter(text -> !text.startsWith("the conversation could not be written"));
    }

    @EchoTest(faults = "reset after 4")
    static class Failing {
        @Test
        void fails(EchoClient client) throws IOException {
            client.expectEcho("hello\033[31m".getBytes(UTF_8));
        }
    }

    @Test
    void failureCarriesConversationWithoutStackTrace() throws IOException {
        Throwable failure = Run.of(Failing.class).failure();

        assertThat(failure).isInstanceOf(IOException.class);
        assertThat(transcripts(failure)).singleElement().asString().matches("""
                server "default" at 127\\.0\\.0\\.1:\\d+:
                connection 1 from 127\\.0\\.0\\.1:\\d+, 10 bytes in, 4 out, ended by SERVER RST \\(reset after 4\\)
                 +\\d+\\.\\d{3}  connection from 127\\.0\\.0\\.1:\\d+
                 +\\d+\\.\\d{3}  received 10 bytes "hello\\\\x1b\\[31m" from 127\\.0\\.0\\.1:\\d+
                 +\\d+\\.\\d{3}  sending 4 bytes "hell" to 127\\.0\\.0\\.1:\\d+
                 +\\d+\\.\\d{3}  applying reset after 4 to 127\\.0\\.0\\.1:\\d+
                 +\\d+\\.\\d{3}  resetting 127\\.0\\.0\\.1:\\d+: reset after 4""");
        assertThat(failure.getSuppressed()).allMatch(suppressed -> suppressed.getStackTrace().length == 0);
    }

    @EchoTest
    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class SharedServer {
        @BeforeAll
        static void begin(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        @Order(1)
        void passes(EchoClient client) throws IOException {
            client.expectEcho("of another test".getBytes(UTF_8));
        }

        @Test
        @Order(2)
        void fails(EchoClient client) throws IOException {
            client.expectEcho("mine".getBytes(UTF_8));
            throw new AssertionError("on purpose");
        }
    }

    @Test
    void omitsConnectionsOfOtherTests() throws IOException {
        Throwable failure = Run.of(SharedServer.class).failure();

        assertThat(transcripts(failure))
                .singleElement()
                .asString()
                .contains("connection 2 from", "\"mine\"")
                .doesNotContain("of another test");
    }

    @EchoTest
    static class Controlled {
        @Test
        void fails(EchoServer server) throws Exception {
            server.refuse();
            server.resume();
            for (int i = 0; i < 2; i++) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    client.expectEcho("mine".getBytes(UTF_8));
                }
            }
            server.freeze();
            server.restart(Duration.ofMinutes(5));
            throw new AssertionError("on purpose");
        }
    }

    @Test
    void containsServerControlsInOrder() throws IOException {
        assertThat(transcripts(Run.of(Controlled.class).failure()))
                .singleElement()
                .asString()
                .containsSubsequence("connection 1 from", "connection 2 from")
                .containsPattern("""
                        \\nthe server
                         +-\\d+\\.\\d{3}  refuses connects.*
                         +-\\d+\\.\\d{3}  accepts connects again.*
                         +\\d+\\.\\d{3}  freezes
                         +\\d+\\.\\d{3}  restarts.*$""");
    }

    @Test
    void connectionsShareClock() throws IOException {
        assertThat(transcripts(Run.of(Controlled.class).failure()))
                .singleElement()
                .asString()
                .containsPattern("\nconnection 1 from [^\n]*\n +0\\.000  \\+0\\.000  +connection from ")
                .containsPattern("\nconnection 2 from [^\n]*\n +0\\.000  \\+\\d+\\.\\d{3}  +connection from ");
    }

    @EchoTest
    static class ManyConnections {
        @Test
        void fails(EchoServer server) throws Exception {
            for (int i = 1; i <= 100; i++) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    client.expectEcho("mine".getBytes(UTF_8));
                }
                server.recording().awaitConnections(i).get(i - 1).awaitEnd();
            }
            throw new AssertionError("on purpose");
        }
    }

    @Test
    void countsOmittedConnections() throws IOException {
        assertThat(transcripts(Run.of(ManyConnections.class).failure()))
                .singleElement()
                .asString()
                .contains(":\n(90 connections before these are left out; attachments keep all)\nconnection 91 from ");
    }

    @EchoTest
    static class ControlledOften {
        @Test
        void fails(EchoServer server) {
            for (int i = 0; i < 30; i++) {
                server.freeze();
                server.unfreeze();
            }
            server.refuse();
            throw new AssertionError("on purpose");
        }
    }

    @Test
    void limitsServerControls() throws IOException {
        assertThat(transcripts(Run.of(ControlledOften.class).failure()))
                .singleElement()
                .asString()
                .matches("(?s)server .*: no connection came\nthe server\n\\(42 lines before these are [^\n]*\\)\n.*"
                        + "refuses connects")
                .satisfies(text -> assertThat(text.lines()).hasSize(3 + 19));
    }

    @EchoTest(faults = "reset after 4")
    static class ByItsField {
        @Echo
        EchoClient client;

        @Test
        void fails() throws IOException {
            client.expectEcho("mine".getBytes(UTF_8));
            client.expectEcho("more".getBytes(UTF_8));
        }
    }

    @EchoTest(faults = "reset after 4")
    static class ByItsConstructor {
        private final EchoClient client;

        ByItsConstructor(EchoClient client) {
            this.client = client;
        }

        @BeforeAll
        static void begin(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        void fails() throws IOException {
            client.expectEcho("mine".getBytes(UTF_8));
            client.expectEcho("more".getBytes(UTF_8));
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {ByItsField.class, ByItsConstructor.class})
    void endedConnectionOfInstanceBelongsToTest(Class<?> fixture) throws IOException {
        assertThat(transcripts(Run.of(fixture).failure()))
                .singleElement()
                .asString()
                .contains("ended by SERVER RST (reset after 4)", "\"mine\"");
    }

    @EchoTest(maxConnections = "1")
    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class Rejecting {
        @BeforeAll
        static void begin(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        @Order(1)
        void passes(EchoServer server) throws Exception {
            try (EchoClient served = EchoClient.connect(server.address())) {
                served.echo(new byte[1]);
                assertThatThrownBy(() -> {
                            try (EchoClient rejected = EchoClient.connect(server.address())) {
                                rejected.receive();
                            }
                        })
                        .isInstanceOf(IOException.class);
            }
            server.recording().connection(1).awaitEnd();
        }

        @Test
        @Order(2)
        void fails() {
            throw new AssertionError("on purpose");
        }
    }

    @Test
    void omitsRejectedConnectionsOfOtherTests() throws IOException {
        assertThat(transcripts(Run.of(Rejecting.class).failure()))
                .singleElement()
                .asString()
                .endsWith(": no connection came");
    }

    @Test
    void otherNamesHaveOtherFiles() {
        assertThat(Attachments.fileName("a_b")).isEqualTo("a_b");
        assertThat(Attachments.fileName("a.b")).matches("a_b-[0-9a-f]+");
        assertThat(Attachments.fileName("a/b")).matches("a_b-[0-9a-f]+").isNotEqualTo(Attachments.fileName("a.b"));
    }

    @EchoTest(recording = "none")
    static class Off {
        @Test
        void fails(EchoClient client) throws IOException {
            InjectedLog.client(client);
            throw new AssertionError("on purpose");
        }
    }

    @EchoTest(attachments = false)
    static class Unattached {
        @Test
        void fails(EchoClient client) throws IOException {
            InjectedLog.client(client);
            throw new AssertionError("on purpose");
        }
    }

    @Test
    void omitsAttachmentsOnRequest() throws IOException {
        // the test kit refuses to publish, which the test would report too
        assertThat(Run.of(Unattached.class).failure().getSuppressed())
                .singleElement()
                .asString()
                .contains("connection 1 from ");
    }

    @EchoTest
    static class Aborted {
        @Test
        void isAborted(EchoClient client) throws IOException {
            InjectedLog.client(client);
            Assumptions.abort("on purpose");
        }
    }

    @Test
    void reportsNothingWithoutRecording() throws IOException {
        assertThat(Run.of(Off.class).failure().getSuppressed()).isEmpty();
    }

    @Test
    void reportsNothingForAbortedTest() {
        Throwable aborted = Run.of(Aborted.class).results().testEvents().aborted().stream()
                .findFirst()
                .orElseThrow()
                .getRequiredPayload(org.junit.platform.engine.TestExecutionResult.class)
                .getThrowable()
                .orElseThrow();
        assertThat(aborted.getSuppressed()).isEmpty();
    }

    @EchoTest
    static class Idle {
        @Test
        void fails(EchoServer server) {
            InjectedLog.server(server);
            throw new AssertionError("on purpose");
        }
    }

    @Test
    void reportsUnusedServer() throws IOException {
        assertThat(transcripts(Run.of(Idle.class).failure()))
                .singleElement()
                .asString()
                .endsWith(": no connection came");
    }

    @Test
    void pageAndReportOfUnusedServerUseSameWords(@TempDir Path folder) throws IOException {
        Path page = folder.resolve("page.html");
        try (EchoServer server = EchoServer.builder().recording().start()) {
            server.recording().writeHtml(page);
        }
        String report = transcripts(Run.of(Idle.class).failure()).findFirst().orElseThrow();
        assertThat(Files.readString(page)).containsIgnoringCase(report.substring(report.lastIndexOf(": ") + 2) + ".<");
    }
}
