package org.echoharness.stress;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.echoharness.EchoServer;
import org.echoharness.ScriptProblem;
import org.echoharness.script.Framings;
import org.echoharness.support.Background;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.io.TempDir;

/** Scripts and handlers against clients of every kind: none hangs, leaks or ends the event loop. */
class ScriptsIT {

    private static final int CONNECTIONS = 100; // of one server

    @TempDir
    Path folder;

    /** What a client does. */
    private enum Client {
        FOLLOWS,
        ALTERS_BYTE,
        ENDS_EARLY,
        RESETS,
        SENDS_MORE,
        READS_NOTHING
    }

    /** How a client's connection ended. */
    private enum End {
        AS_WRITTEN,
        FIN,
        RESET
    }

    @Stress(
            row = "10,000 random scripts, random clients",
            pass = "0 hangs; who follows is served; loop, threads, files as before")
    void playsRandomScripts(Row row) throws Exception {
        int scripts = row.scaled(10_000);
        long seed = row.seed();
        int threads = Usage.threads();
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        Map<Client, Map<End, Integer>> ends = new EnumMap<>(Client.class);
        for (int first = 0; first < scripts; first += CONNECTIONS) {
            List<RandomDialogue> dialogues = new ArrayList<>();
            StringJoiner rules = new StringJoiner("; ");
            for (int i = 1; i <= CONNECTIONS; i++) {
                RandomDialogue dialogue = new RandomDialogue(seed + first + i);
                dialogues.add(dialogue);
                rules.add("connection " + i + ": " + dialogue.script());
            }
            try (EchoServer server = EchoServer.builder()
                    .warnings(line -> {})
                    .bufferSize(4 * PlainSockets.KIB)
                    .script(rules.toString())
                    .start()) {
                play(server, dialogues, seed + first, ends);
                PlainSockets.secondsToEcho(server.address()); // a connection without a rule
            }
        }
        row.figure("%d scripts, %s", scripts, ends);
        assertThat(ends.get(Client.FOLLOWS)).containsOnlyKeys(End.AS_WRITTEN);
        files.await();
        Waiting.await("threads").until(() -> Usage.threads() <= threads);
    }

    private static void play(
            EchoServer server, List<RandomDialogue> dialogues, long seed, Map<Client, Map<End, Integer>> ends)
            throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(8);
        try {
            List<Client> kinds = new ArrayList<>();
            List<Future<End>> played = new ArrayList<>();
            for (int i = 0; i < dialogues.size(); i++) {
                RandomDialogue dialogue = dialogues.get(i);
                Random random = new Random(seed + i);
                Client kind = Client.values()[random.nextInt(Client.values().length)];
                Socket socket = PlainSockets.connect(server.address());
                kinds.add(kind);
                played.add(clients.submit(() -> play(socket, dialogue, kind, random)));
            }
            for (int i = 0; i < played.size(); i++) {
                End end = played.get(i).get(Background.LONGEST.toSeconds(), TimeUnit.SECONDS);
                ends.computeIfAbsent(kinds.get(i), kind -> new EnumMap<>(End.class))
                        .merge(end, 1, Integer::sum);
                assertThat(kinds.get(i) != Client.FOLLOWS || end == End.AS_WRITTEN)
                        .as("connection %d: %s, %s", i + 1, dialogues.get(i).script(), server.scriptProblems())
                        .isTrue();
            }
        } finally {
            clients.shutdown();
            assertThat(clients.awaitTermination(Background.LONGEST.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        }
    }

    private static End play(Socket socket, RandomDialogue dialogue, Client kind, Random random) throws IOException {
        byte[] sent = dialogue.sent();
        byte[] bytes = sent;
        if (kind == Client.ALTERS_BYTE && sent.length > 0) {
            bytes = sent.clone();
            bytes[random.nextInt(sent.length)] ^= 1;
        } else if (kind == Client.ENDS_EARLY || kind == Client.RESETS) {
            bytes = Arrays.copyOf(sent, random.nextInt(sent.length + 1));
        } else if (kind == Client.SENDS_MORE) {
            bytes = Arrays.copyOf(sent, sent.length + 1 + random.nextInt(10_000));
        }
        try (socket) {
            socket.setTcpNoDelay(true);
            sendInPieces(socket.getOutputStream(), bytes, random);
            if (kind == Client.RESETS) {
                socket.setSoLinger(true, 0);
                return End.RESET;
            }
            if (kind == Client.READS_NOTHING) {
                return End.FIN;
            }
            socket.shutdownOutput();
            byte[] received = socket.getInputStream().readAllBytes();
            return Arrays.equals(received, dialogue.received()) ? End.AS_WRITTEN : End.FIN;
        } catch (SocketException reset) {
            return End.RESET;
        }
    }

    private static void sendInPieces(OutputStream out, byte[] bytes, Random random) throws IOException {
        int at = 0;
        while (at < bytes.length) {
            int count = Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 5 : 500));
            out.write(bytes, at, count);
            at += count;
        }
    }

    @Stress(
            row = "functions on the loop and by executor, 5,000 connections each",
            pass = "every answer; each exception an RST and a problem")
    void answersByFunctions(Row row) throws Exception {
        int connections = row.scaled(5_000);
        long seed = row.seed();
        int threads = Usage.threads();
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        ExecutorService executor = Executors.newFixedThreadPool(4);
        for (boolean byExecutor : new boolean[] {false, true}) {
            EchoServer.Builder builder =
                    EchoServer.builder().warnings(line -> {}).bufferSize(4 * PlainSockets.KIB);
            if (byExecutor) {
                builder.respond(Framings.lines(), ScriptsIT::answer, executor);
            } else {
                builder.respond(Framings.lines(), ScriptsIT::answer);
            }
            AtomicLong failures = new AtomicLong();
            ExecutorService clients = Executors.newFixedThreadPool(8);
            try (EchoServer server = builder.start()) {
                List<Callable<Void>> all = new ArrayList<>();
                for (int i = 0; i < connections; i++) {
                    Random random = new Random(seed + i);
                    all.add(() -> {
                        failures.addAndGet(lines(server, random));
                        return null;
                    });
                }
                for (Future<Void> each : clients.invokeAll(all)) {
                    each.get();
                }
                row.figure("%d connections, %d exceptions", connections, failures.get());
                assertThat(server.counters().failed()).isEqualTo(failures.get());
                assertThat(server.scriptProblems()).allMatch(each -> each.kind() == ScriptProblem.Kind.FAILED);
                assertThat(server.scriptProblems().size() + server.scriptProblemsLeftOut())
                        .isEqualTo(failures.get());
            } finally {
                clients.shutdown();
            }
        }
        executor.shutdown();
        files.await();
        Waiting.await("threads").until(() -> Usage.threads() <= threads);
    }

    private static String answer(String line) {
        if (line.equals("throw")) {
            throw new IllegalStateException("on purpose");
        }
        return "<" + line + ">";
    }

    /** Returns how many exceptions it has caused: 0 or 1. */
    private static int lines(EchoServer server, Random random) throws IOException {
        StringBuilder sent = new StringBuilder();
        StringBuilder expected = new StringBuilder();
        for (int i = random.nextInt(20); i > 0; i--) {
            int line = random.nextInt(1_000_000);
            sent.append(line).append("\n");
            expected.append("<").append(line).append(">\r\n");
        }
        boolean throwsLast = random.nextInt(4) == 0;
        if (throwsLast) {
            sent.append("throw\n");
        }
        try (Socket socket = PlainSockets.connect(server.address())) {
            socket.setTcpNoDelay(true);
            sendInPieces(socket.getOutputStream(), sent.toString().getBytes(ISO_8859_1), random);
            if (!throwsLast) {
                socket.shutdownOutput();
            }
            byte[] received = socket.getInputStream().readAllBytes();
            assertThat(new String(received, ISO_8859_1)).isEqualTo(expected.toString());
            assertThat(throwsLast).isFalse();
        } catch (SocketException reset) {
            assertThat(throwsLast).isTrue();
        }
        return throwsLast ? 1 : 0;
    }

    @Stress(row = "script sends a file of 1 GiB to a slow reader", pass = "≤ 1 MiB above start; every byte, then EOF")
    void sendsFileToSlowReader(Row row) throws Exception {
        long total = (long) row.scaled(1 << 10) * PlainSockets.MIB;
        Payload payload = new Payload(row.seed());
        Path file = folder.resolve("payload");
        try (OutputStream out = Files.newOutputStream(file)) {
            payload.write(out, total, new AtomicLong());
        }
        try (MeasuredServer server = new MeasuredServer("connection 1: echo; others: send file '" + file + "'");
                Socket idle = PlainSockets.connect(server.address())) {
            PlainSockets.echoes(idle, "warm");
            MeasuredServer.Memory start = server.memory();
            try (Socket socket = PlainSockets.connect(server.address())) {
                assertThat(socket.getInputStream().read()).isNotNegative();
            } catch (SocketException reset) {
                // it was closed with bytes unread
            }
            try (Socket socket = PlainSockets.connect(server.address())) {
                Waiting.span(Duration.ofSeconds(2)); // the server fills what the kernel takes
                MeasuredServer.Memory stalled = server.memory().above(start);
                socket.shutdownOutput();
                long received = payload.readAndCheck(socket.getInputStream());
                row.figure("%d MiB", total / PlainSockets.MIB);
                row.figure("%d KiB heap, %d KiB direct", stalled.heap() / 1024, stalled.direct() / 1024);
                row.figure("%d bytes missing", total - received);
                assertThat(stalled.heap() + stalled.direct()).isLessThanOrEqualTo(PlainSockets.MIB);
                assertThat(received).isEqualTo(total);
            }
        }
    }
}
