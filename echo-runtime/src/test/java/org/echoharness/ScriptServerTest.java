package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.echoharness.support.PlainSockets.assertEnd;
import static org.echoharness.support.PlainSockets.receives;
import static org.echoharness.support.PlainSockets.send;

import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.echoharness.memory.HeldMemory;
import org.echoharness.script.Step;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Scripts over sockets. */
@Timeout(120)
class ScriptServerTest {

    private static final String SMTP = """
            send "220 ready\\r\\n"
            expect line "EHLO {host}"
            send "250 hello {host}\\r\\n"
            expect line "QUIT"
            send "221 bye\\r\\n", close
            """;

    private final AwaitedLines warnings = new AwaitedLines();

    private EchoServer.Builder script(String script) {
        return EchoServer.builder().warnings(warnings).script(script);
    }

    private static void assertReset(Socket socket) {
        assertThatThrownBy(() -> socket.getInputStream().read()).hasMessage("Connection reset");
    }

    @Test
    void speaksInTurn() throws Exception {
        try (EchoServer server = script(SMTP).start();
                Socket socket = PlainSockets.connect(server.address())) {
            receives(socket, "220 ready\r\n");
            send(socket, "EHLO me\r\n");
            receives(socket, "250 hello me\r\n");
            send(socket, "QUIT\r\n");
            receives(socket, "221 bye\r\n");
            assertEnd(socket);
            assertThat(server.scriptProblems()).isEmpty();
            assertThat(server.script().toString()).startsWith("send \"220 ready\\r\\n\", expect line \"EHLO {host}\"");
        }
        assertThat(warnings.seen()).isEmpty();
    }

    @Test
    void answersEachMessageByItsCase() throws Exception {
        String script = "answer { line \"PING\" -> send \"PONG\\r\\n\", line \"ECHO {text}\" -> send \"{text}\\r\\n\","
                + " line \"QUIT\" -> { send \"BYE\\r\\n\", close } }";
        try (EchoServer server = script(script).start();
                Socket one = PlainSockets.connect(server.address());
                Socket two = PlainSockets.connect(server.address())) {
            send(one, "PING\r\nECHO a");
            receives(one, "PONG\r\n");
            send(two, "ECHO other\r\nQUIT\r\n");
            receives(two, "other\r\nBYE\r\n");
            assertEnd(two);
            send(one, " b\nPING\n");
            receives(one, "a b\r\nPONG\r\n");
            one.shutdownOutput();
            assertEnd(one);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void answersFrames() throws Exception {
        try (EchoServer server = script("repeat 2 { expect frame u32, send frame u32 \"ok\" }, expect fin")
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "\0\0\0\3abc\0\0\0\0");
            receives(socket, "\0\0\0\2ok\0\0\0\2ok");
            socket.shutdownOutput();
            assertEnd(socket);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void rulesAreForConnections() throws Exception {
        String script = "first 1: send \"busy\\r\\n\", close;"
                + " others: expect \"HELLO\\n\" within 2s, send hex \"00 01 ff\", echo";
        try (EchoServer server = script(script).start()) {
            try (Socket busy = PlainSockets.connect(server.address())) {
                receives(busy, "busy\r\n");
                assertEnd(busy);
            }
            try (Socket socket = PlainSockets.connect(server.address())) {
                send(socket, "HELLO\nand more");
                receives(socket, "\0\1\u00ffand more");
                socket.shutdownOutput();
                assertEnd(socket);
            }
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void connectionWithoutRuleEchoes() throws Exception {
        try (EchoServer server = script("first 1: send \"busy\\r\\n\", close").start();
                Socket busy = PlainSockets.connect(server.address());
                Socket echo = PlainSockets.connect(server.address())) {
            receives(busy, "busy\r\n");
            PlainSockets.echoes(echo, "echo");
        }
    }

    @Test
    void mismatchResetsOnlyItsConnection() throws Exception {
        try (EchoServer server = script(SMTP).start();
                Socket other = PlainSockets.connect(server.address());
                Socket socket = PlainSockets.connect(server.address())) {
            receives(other, "220 ready\r\n");
            receives(socket, "220 ready\r\n");
            send(socket, "HELO me\r\n");
            assertReset(socket);

            ScriptProblem problem = new ScriptProblem(
                    2, ScriptProblem.Kind.MISMATCH, "step 2 of 6", "line \"EHLO {host}\"", "\"HELO me\\r\\n\"", false);
            assertThat(server.scriptProblems()).containsExactly(problem);
            assertThat(warnings.seen())
                    .containsExactly(
                            "connection 2, step 2 of 6: expected line \"EHLO {host}\", seen \"HELO me\\r\\n\"");
            send(other, "EHLO you\r\n");
            receives(other, "250 hello you\r\n");
        }
    }

    /** The client's kernel acknowledges nothing more than fits into its small buffers. */
    @Test
    void clientThatNeverReadsIsResetAtOnce() throws Exception {
        try (EchoServer server = script("expect line \"GO\", repeat 1000000 { send \"0123456789\" }, echo")
                        .recording()
                        .start();
                Socket socket = PlainSockets.connect(server.address(), 4 << 10)) {
            send(socket, "GO\n");
            server.catchUp(Duration.ofSeconds(30));
            server.resetConnections();
            server.recording().connection(1).assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void largeFileToSlowReaderTakesLittleMemory(@TempDir Path folder) throws Exception {
        byte[] content = PlainSockets.random(32 << 20, 1);
        Files.write(folder.resolve("large.bin"), content);
        long before = HeldMemory.used();
        long descriptors = FileDescriptors.open();
        try (EchoServer server = EchoServer.builder()
                        .warnings(warnings)
                        .scriptDirectory(folder)
                        .script("expect line \"GET\", send file \"large.bin\", close")
                        .start();
                Socket socket = PlainSockets.connect(server.address(), 4 << 10)) {
            send(socket, "GET\n");
            server.catchUp(Duration.ofSeconds(30));
            assertThat(HeldMemory.used() - before).isLessThan(1 << 20);
            assertThat(socket.getInputStream().readAllBytes()).isEqualTo(content);
            assertThat(server.scriptProblems()).isEmpty();
        }
        assertThat(FileDescriptors.open()).isLessThanOrEqualTo(descriptors + 5);
    }

    @Test
    void filesThatChangeFailTheirConnection(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("answer.txt"), "answer", UTF_8);
        try (EchoServer server = EchoServer.builder()
                .warnings(warnings)
                .scriptDirectory(folder)
                .script("answer { line \"GET\" -> { send file \"answer.txt\" } }")
                .start()) {
            try (Socket socket = PlainSockets.connect(server.address())) {
                send(socket, "GET\n");
                receives(socket, "answer");
                Files.writeString(file, "longer answer", UTF_8);
                send(socket, "GET\n");
                receives(socket, "longer answer");
                Files.delete(file);
                send(socket, "GET\n");
                assertReset(socket);
            }
            assertThat(server.scriptProblems())
                    .containsExactly(new ScriptProblem(
                            1,
                            ScriptProblem.Kind.FAILED,
                            "step 1 of 1, case 1 of 1, step 1 of 1",
                            "",
                            "file \"" + file + "\" cannot be read: No such file or directory",
                            false));
        }
    }

    @Test
    void frozenTimeDoesNotCountAsWithin() throws Exception {
        try (EchoServer server = script("send \"go\\n\", expect \"A\" within 1s, send \"B\"")
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            receives(socket, "go\n");
            server.freeze();
            try (EchoServer other = EchoServer.builder()
                            .script("expect \"A\" within 1100ms")
                            .warnings(warnings)
                            .start();
                    Socket late = PlainSockets.connect(other.address())) {
                assertReset(late);
            }
            server.unfreeze();
            send(socket, "A");
            receives(socket, "B");
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void deadlineResetsConnection() throws Exception {
        try (EchoServer server = script("expect \"HELLO\\n\" within 50ms").start();
                Socket socket = PlainSockets.connect(server.address())) {
            send(socket, "HEL");
            assertReset(socket);
            assertThat(server.scriptProblems())
                    .extracting(ScriptProblem::toString)
                    .containsExactly("connection 1, step 1 of 1: expected \"HELLO\\n\" within 50ms, seen \"HEL\"");
        }
    }

    @Test
    void controlsEndScriptsWithoutProblem() throws Exception {
        try (EchoServer server = script(SMTP).start()) {
            for (Runnable control : List.<Runnable>of(server::resetConnections, server::closeConnections)) {
                try (Socket socket = PlainSockets.connect(server.address())) {
                    receives(socket, "220 ready\r\n");
                    control.run();
                    assertThat(server.unfinishedScripts()).isEmpty();
                }
            }
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void faultsChangeWithinScript() throws Exception {
        try (EchoServer server = script(SMTP).start();
                Socket socket = PlainSockets.connect(server.address())) {
            receives(socket, "220 ready\r\n");
            server.setFaultsOfAll(FaultPlan.of(Fault.truncate(4)));
            send(socket, "EHLO me\r\n");
            receives(socket, "hello me\r\n");
            server.setFaultsOfAll(FaultPlan.none());
            send(socket, "QUIT\r\n");
            receives(socket, "221 bye\r\n");
            assertEnd(socket);
        }
    }

    @Test
    void problemAfterFaultSaysSo() throws Exception {
        try (EchoServer server = script(SMTP).faults("reset after 14 sent").start()) {
            try (Socket socket = PlainSockets.connect(server.address())) {
                receives(socket, "220 ready\r\n");
                send(socket, "EHLO me\r\n");
                receives(socket, "250");
                assertReset(socket);
            }
            assertThat(server.scriptProblems()).isEmpty();
        }
        try (EchoServer server = script(SMTP).faults("delay 1ms").start();
                Socket socket = PlainSockets.connect(server.address())) {
            receives(socket, "220 ready\r\n");
            socket.shutdownOutput();
            assertReset(socket);
            assertThat(server.scriptProblems())
                    .containsExactly(new ScriptProblem(
                            1,
                            ScriptProblem.Kind.LEFT_OVER,
                            "step 2 of 6",
                            "line \"EHLO {host}\"",
                            "the client's FIN",
                            true));
        }
    }

    @Test
    void limitsApplyToScripts() throws Exception {
        try (EchoServer server = script(SMTP)
                        .idleTimeout(Duration.ofMillis(100))
                        .maxConnections(1)
                        .start();
                Socket socket = PlainSockets.connect(server.address())) {
            receives(socket, "220 ready\r\n");
            assertThatThrownBy(() -> {
                        try (Socket second = PlainSockets.connect(server.address())) {
                            second.getInputStream().read();
                        }
                    })
                    .hasMessageStartingWith("Connection reset");
            assertReset(socket);
            assertThat(server.counters().idleClosed()).isEqualTo(1);
            assertThat(server.counters().rejected()).isEqualTo(1);
            assertThat(server.scriptProblems()).isEmpty();
        }
    }

    @Test
    void openScriptIsLeftOverAtClose() throws Exception {
        EchoServer server = script(SMTP).start();
        try (Socket socket = PlainSockets.connect(server.address())) {
            receives(socket, "220 ready\r\n");
            assertThat(server.unfinishedScripts())
                    .extracting(ScriptProblem::toString)
                    .containsExactly("connection 1, step 2 of 6: expected line \"EHLO {host}\", seen nothing more");
            server.close();
            assertReset(socket);
        }
        String left = "connection 1, step 2 of 6: expected line \"EHLO {host}\","
                + " seen nothing more by the end of the server";
        assertThat(server.scriptProblems()).extracting(ScriptProblem::toString).containsExactly(left);
        assertThat(warnings.seen()).containsExactly(left);
    }

    @Test
    void recordingShowsStepsAndMismatch() throws Exception {
        try (EchoServer server = script(SMTP).recording().start();
                Socket socket = PlainSockets.connect(server.address())) {
            receives(socket, "220 ready\r\n");
            send(socket, "EHLO me\r\n");
            receives(socket, "250 hello me\r\n");
            send(socket, "QIUT\r\n");
            assertReset(socket);
            RecordedConnection connection = server.recording().connection(1).awaitEnd();
            assertThat(connection.transcript())
                    .contains("  step 1 of 6: send\n", "  step 2 of 6: line \"EHLO {host}\"\n")
                    .contains("  mismatch at step 4 of 6: expected line \"QUIT\", seen \"QIUT\\r\\n\"\n")
                    .containsPattern("  resetting 127\\.0\\.0\\.1:\\d+: step 4 of 6: expected line \"QUIT\", seen ");
            assertThat(Recordings.page(List.of(connection), 0))
                    .contains(">step 2 of 6: line &quot;EHLO {host}&quot;<", "mismatch: step 4 of 6: expected line");
            connection.assertEndedBy(Ending.Side.SERVER, Ending.How.RST);
        }
    }

    @Test
    void builderTakesOneScript(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("bye.echo"), "# says bye\nsend \"bye\\n\"\nclose\n", UTF_8);
        assertThat(EchoServer.Builder.words()).containsSubsequence("faults", "script", "scriptFile", "recording");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> script("echo").scriptFile(file.toString()).build())
                .withMessage("script and scriptFile are both given; leave one out");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> script("sedn \"x\""))
                .withMessageStartingWith("script: \"sedn\" at position 1: expected ")
                .withMessageEndingWith("; did you mean send?");
        for (EchoServer.Builder builder : List.of(
                EchoServer.builder().set("scriptFile", file.toString()),
                EchoServer.builder().scriptFile(file),
                EchoServer.builder()
                        .set("script", "none")
                        .scriptFile("bye.echo")
                        .scriptDirectory(folder),
                EchoServer.builder().set("script", "send \"bye\\n\", close").set("scriptFile", "none"),
                EchoServer.builder().script(Script.of(Step.send("bye\n"), Step.close())))) {
            try (EchoServer server = builder.start();
                    Socket socket = PlainSockets.connect(server.address());
                    InputStream in = socket.getInputStream()) {
                assertThat(in.readAllBytes()).isEqualTo("bye\n".getBytes(ISO_8859_1));
                assertThat(server.script()).isEqualTo(Script.parse("send \"bye\\n\", close"));
            }
        }
        try (EchoServer echo = EchoServer.builder().script(Script.none()).build()) {
            assertThat(echo.script()).isEqualTo(Script.none());
            assertThat(echo.scriptProblems()).isEmpty();
        }
    }

    @Test
    void transcriptIsNoScript(@TempDir Path folder) throws Exception {
        RecordingFiles files;
        try (EchoServer server = EchoServer.builder().recording().start()) {
            PlainSockets.connect(server.address()).close();
            server.recording().awaitConnections(1).get(0).awaitEnd();
            files = server.recording().writeFiles(folder);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        EchoServer.builder().scriptFile(files.transcript()).build())
                .withMessage("scriptFile (" + files.transcript() + ") is a transcript, for people to read; name the"
                        + " conversation.script that was written beside it");
    }

    @Test
    void missingFilesFailAtBuild(@TempDir Path folder) throws Exception {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder()
                        .scriptDirectory(folder)
                        .script("send file \"no.txt\"")
                        .build())
                .withMessage("script: file \"no.txt\" is neither a file (" + folder.resolve("no.txt")
                        + ") nor on the class path");
        assertThatThrownBy(() -> EchoServer.builder()
                        .scriptDirectory(folder)
                        .scriptFile("no.echo")
                        .build())
                .hasMessageContaining("no.echo");
        Path bad = Files.writeString(folder.resolve("bad.echo"), "\nsend \"a\"\n  sedn \"b\"\n", UTF_8);
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> EchoServer.builder().scriptFile(bad.toString()).build())
                .withMessageStartingWith("scriptFile (" + bad + "): \"sedn\" at line 3, column 3: expected ");
    }
}
