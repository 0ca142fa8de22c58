package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.echoharness.support.Background;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.io.TempDir;

/** The command line with little memory or with unread output. */
class ScarceIT {

    private static final double MOST_SECONDS = 2;

    @Stress(
            row = "heap of 32 MiB, direct memory of 16 MiB, recorded: 5,000 connections that hold a byte",
            pass = "others served; what was not kept is said; SIGTERM ends it, 143")
    void servesOthersInHeapOf32MiB(Row row, @TempDir Path folder) throws Exception {
        servesOthers(row, folder, 32);
    }

    @Stress(row = "the same with a heap of 64 MiB", pass = "the same")
    void servesOthersInHeapOf64MiB(Row row, @TempDir Path folder) throws Exception {
        servesOthers(row, folder, 64);
    }

    @Stress(row = "the same with a heap of 128 MiB", pass = "the same")
    void servesOthersInHeapOf128MiB(Row row, @TempDir Path folder) throws Exception {
        servesOthers(row, folder, 128);
    }

    private static void servesOthers(Row row, Path folder, int heap) throws Exception {
        assumeTrue(ForkedProcess.works(List.of("kill", "-l")), "no kill here");
        int count = row.scaled(5_000);
        FileDescriptors.assumeAllowed(count + 700L);
        List<String> options = List.of("-Xmx" + heap + "m", "-XX:MaxDirectMemorySize=16m");
        List<String> command = EchoProcess.command(
                options,
                "server",
                PlainSockets.LOOPBACK + ":0",
                "--quiet",
                "--record=" + folder,
                "--faults=first " + count + ": delay 1h; others: none");
        List<SocketChannel> holders = new ArrayList<>();
        double ended;
        try (ForkedProcess server = new ForkedProcess(command)) {
            InetSocketAddress address = EchoProcess.address(server);
            for (int i = 0; i < count; i++) {
                SocketChannel holder = SocketChannel.open(address);
                holders.add(holder);
                holder.write(ByteBuffer.allocate(1));
            }
            row.figure("%d held, longest echo of others %.0f ms", count, 1_000 * longestEcho(address, heap, holders));
            row.figure("RSS %d MiB", Usage.rss(server.handle()) / PlainSockets.MIB);
            long start = System.nanoTime();
            server.signal("TERM");
            assertThat(server.awaitExit()).as("exit code").isEqualTo(143);
            ended = Background.secondsSince(start);
            row.figure("143 after %.2f s", ended);
            assertThat(server.lines().seen()).hasSize(2); // where it listens, where the recording is
        } finally {
            for (SocketChannel holder : holders) {
                holder.close();
            }
        }
        row.figure("said: %s", leftOut(folder));
        assertThat(leftOut(folder)).contains("recordings filled their part of the heap");
    }

    /** Connections that together send more than a recording may keep; they stay open, since ended ones are left out first. */
    private static double longestEcho(InetSocketAddress address, int heap, List<SocketChannel> open)
            throws IOException {
        byte[] message = new byte[64 * PlainSockets.KIB];
        double longest = 0;
        for (int i = 0; i < heap * PlainSockets.MIB / 4 / message.length; i++) {
            long start = System.nanoTime();
            SocketChannel channel = SocketChannel.open(address);
            open.add(channel);
            channel.socket().setSoTimeout((int) Background.LONGEST.toMillis());
            PlainSockets.echoes(channel.socket(), message);
            longest = Math.max(longest, Background.secondsSince(start));
        }
        return longest;
    }

    private static String leftOut(Path folder) throws IOException {
        assertThat(recorded(folder)).hasSize(4);
        Path text = recorded(folder).stream()
                .filter(file -> file.toString().endsWith(".txt"))
                .findFirst()
                .orElseThrow();
        try (var lines = Files.lines(text)) {
            return lines.filter(line -> line.contains("less was kept"))
                    .findFirst()
                    .orElse("nothing");
        }
    }

    private static List<Path> recorded(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    @Stress(
            row = "output that nobody reads: both streams into a full pipe",
            pass = "echo goes on; SIGTERM < 2 s; recorded")
    void servesIfOutputIsNotRead(Row row, @TempDir Path folder) throws Exception {
        assumeTrue(ForkedProcess.works(List.of("kill", "-l")), "no kill here");
        int count = row.scaled(20_000);
        Process server = new ProcessBuilder(
                        EchoProcess.command(List.of(), "server", PlainSockets.LOOPBACK + ":0", "--record=" + folder))
                .redirectErrorStream(true)
                .start();
        try {
            InetSocketAddress address = EchoProcess.address(firstLine(server.getInputStream()));
            double ended;
            try (Socket socket = PlainSockets.connect(address)) {
                long start = System.nanoTime();
                for (int i = 0; i < count; i++) {
                    PlainSockets.echoes(socket, "x".repeat(1_000));
                }
                row.figure("%d echoes of 1,000 bytes in %.1f s", count, Background.secondsSince(start));
                assertThat(server.getInputStream().available()).as("unread").isPositive();
                start = System.nanoTime();
                new ProcessBuilder("kill", "-TERM", Long.toString(server.pid()))
                        .start()
                        .waitFor();
                assertThat(server.waitFor(Background.LONGEST.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
                ended = Background.secondsSince(start);
            }
            row.figure(
                    "%d after %.2f s, %d files",
                    server.exitValue(), ended, recorded(folder).size());
            assertThat(server.exitValue()).isEqualTo(143);
            assertThat(recorded(folder)).hasSize(4);
            assertThat(ended).isLessThan(MOST_SECONDS);
        } finally {
            server.destroyForcibly();
        }
    }

    /** Reads one line and nothing after it, so that the pipe fills up. */
    private static String firstLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n' && c >= 0; c = in.read()) {
            line.append((char) c);
        }
        return line.toString();
    }
}
