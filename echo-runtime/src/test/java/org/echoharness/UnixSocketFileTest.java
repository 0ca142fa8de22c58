package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.nio.channels.SocketChannel;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.echoharness.sockets.UnixSocketFile;
import org.echoharness.support.AwaitedLines;
import org.echoharness.support.Background;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The file of a server's Unix socket: who may use it, when it is replaced, and when it is removed. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class UnixSocketFileTest {

    @TempDir
    private Path folder;

    @Test
    void picksFileInPrivateFolder() throws Exception {
        Path file;
        try (EchoServer server =
                        EchoServer.builder().addresses("unix:", "unix:").start();
                EchoClient client = UnixSockets.connect(server)) {
            file = server.path();
            client.expectEcho(UnixSockets.ascii("hello"));
            assertThat(UnixSockets.mode(file)).isEqualTo(UnixSockets.PRIVATE);
            assertThat(UnixSockets.mode(file.getParent())).isEqualTo("rwx------");
            assertThat(server.socketAddresses()).doesNotHaveDuplicates().hasSize(2);
            assertThat(server.configuredAddresses())
                    .extracting(Object::toString)
                    .containsExactly("unix:", "unix:");
        }
        assertThat(file.getParent()).doesNotExist();
    }

    @Test
    void nobodySeesFileBeforeItIsPrivate() throws Exception {
        Path file = folder.resolve("s");
        AtomicReference<String> seen = new AtomicReference<>("");
        CountDownLatch over = new CountDownLatch(1);
        Thread looking = new Thread(() -> {
            while (over.getCount() > 0) {
                try {
                    String mode = UnixSockets.mode(file);
                    if (!mode.equals(UnixSockets.PRIVATE)) {
                        seen.set(mode);
                    }
                } catch (IOException absent) {
                    // the next start makes it
                }
            }
        });
        looking.start();
        try {
            for (int i = 0; i < 300; i++) {
                UnixSockets.start(folder).close();
            }
        } finally {
            over.countDown();
            looking.join();
        }
        assertThat(seen.get()).isEmpty();
    }

    @Test
    void replacesLeftOverSocket() throws Exception {
        UnixSockets.leftOver(folder.resolve("s"));
        try (EchoServer server = UnixSockets.start(folder);
                EchoClient client = UnixSockets.connect(server)) {
            client.expectEcho(UnixSockets.ascii("hello"));
            assertThat(UnixSockets.mode(server.path())).isEqualTo(UnixSockets.PRIVATE);
            assertThat(UnixSockets.files(folder)).containsExactly("s");
        }
    }

    @Test
    void refusesPathOfAnotherServer() throws Exception {
        try (EchoServer server = UnixSockets.start(folder)) {
            String error = UnixSockets.inUse(server.path());
            assertThatThrownBy(() -> UnixSockets.start(folder))
                    .isInstanceOf(BindException.class)
                    .hasMessage(error);
            server.refuse();
            assertThatThrownBy(() -> UnixSockets.start(folder))
                    .isInstanceOf(BindException.class)
                    .hasMessage(error);
            server.unanswered();
            assertThatThrownBy(() -> UnixSockets.start(folder))
                    .isInstanceOf(BindException.class)
                    .hasMessage(error);
            server.resume();
            try (EchoClient client = UnixSockets.connect(server)) {
                client.expectEcho(UnixSockets.ascii("still served"));
            }
            assertThat(UnixSockets.files(folder)).containsExactly("s");
        }
    }

    @Test
    void neverRemovesWhatIsNoSocket() throws Exception {
        Path file = folder.resolve("s");
        String error = "cannot listen on unix:" + file
                + ": there is a file that is no socket; remove it, or take another path";
        Files.writeString(file, "precious");
        assertThatThrownBy(() -> UnixSockets.start(folder))
                .isInstanceOf(BindException.class)
                .hasMessage(error);
        assertThat(file).hasContent("precious");
        Files.delete(file);
        Files.createSymbolicLink(file, UnixSockets.leftOver(folder.resolve("other")));
        assertThatThrownBy(() -> UnixSockets.start(folder)).hasMessage(error);
        assertThat(UnixSockets.files(folder)).containsExactlyInAnyOrder("s", "other");
    }

    @Test
    void leavesFileThatIsNotItsOwn() throws Exception {
        Path file = folder.resolve("s");
        try (EchoServer server = UnixSockets.start(folder)) {
            Files.delete(file);
            Files.writeString(file, "of somebody else");
            server.refuse();
            assertThatThrownBy(server::resume).hasMessageContaining("there is a file that is no socket");
        }
        assertThat(file).hasContent("of somebody else");
    }

    @Test
    void folderIsRefusedByItsName() throws Exception {
        Files.createDirectory(folder.resolve("s"));
        assertThatThrownBy(() -> UnixSockets.start(folder))
                .isInstanceOf(BindException.class)
                .hasMessage("cannot listen on unix:" + folder.resolve("s")
                        + ": that is a folder; write the name of a file in it, such as unix:"
                        + folder.resolve("s/echo.sock"));
        assertThatThrownBy(() -> EchoServer.builder().addresses("unix:/").start())
                .hasMessageContaining("that is a folder; write the name of a file in it, such as unix:/echo.sock");
    }

    @Test
    void missingFolderIsNamed() {
        assertThatThrownBy(() -> EchoServer.builder()
                        .addresses("unix:" + folder.resolve("none/s"))
                        .start())
                .isInstanceOf(BindException.class)
                .hasMessage("cannot listen on unix:" + folder.resolve("none/s") + ": there is no folder "
                        + folder.resolve("none")
                        + "; create the folder, or write unix: alone for one of its own")
                .hasNoCause(); // its message would be the name of a temporary folder
    }

    @Test
    void pathMayHave106Bytes() throws Exception {
        Path longest = folder.resolve("x".repeat(105 - folder.toString().length()));
        try (EchoServer server =
                        EchoServer.builder().addresses("unix:" + longest).start();
                EchoClient client = UnixSockets.connect(server)) {
            assertThat(server.path().toString()).hasSize(106);
            client.expectEcho(UnixSockets.ascii("hello"));
            assertThat(UnixSockets.mode(longest)).isEqualTo(UnixSockets.PRIVATE);
            server.refuse();
            server.resume();
            UnixSockets.connect(server).close();
        }
        assertThat(UnixSockets.files(folder)).isEmpty();
        boolean isEncodable = Charset.forName(System.getProperty("sun.jnu.encoding"))
                .newEncoder()
                .canEncode('\u00fc');
        String two = isEncodable ? "\u00fc" : "xx"; // bytes
        assertThatThrownBy(() -> EchoServer.builder().addresses("unix:" + longest + two))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "address (unix:" + longest + two + ") has a path of 108 bytes, and a Unix socket may have at"
                                + " most 106; take a shorter path, or write unix: alone for a file in a private temporary folder");
        String relative = "y".repeat(100);
        Path absolute = Path.of(relative).toAbsolutePath();
        assertThatThrownBy(
                        () -> EchoServer.builder().addresses("unix:" + relative).start())
                .isInstanceOf(BindException.class)
                .hasMessageStartingWith("cannot listen on unix:" + relative + ": " + absolute + " has a path of "
                        + absolute.toString().length()
                        + " bytes, and a Unix socket may have at most 106; take a shorter");
    }

    @Test
    void closedServerRefusesAndItsPathIsFree() throws Exception {
        for (int i = 0; i < 200; i++) {
            try (EchoServer server = UnixSockets.start(folder);
                    SocketChannel client = SocketChannel.open(server.socketAddress())) {
                assertThat(client.isConnected()).isTrue();
            }
            assertThat(Files.exists(folder.resolve("s"), LinkOption.NOFOLLOW_LINKS))
                    .isFalse();
        }
    }

    /** Starts of the same server at the same moment, on several threads, after a server that has left its file. */
    @Test
    void fileOfServerThatListensIsNeverTakenAway() throws Exception {
        Path file = folder.resolve("s");
        for (int i = 0; i < 200; i++) {
            UnixSockets.leftOver(file);
            CyclicBarrier together = new CyclicBarrier(4);
            AtomicReference<EchoServer> winner = new AtomicReference<>();
            CountDownLatch losers = new CountDownLatch(3);
            List<FutureTask<Boolean>> starts = new ArrayList<>();
            for (int j = 0; j < 4; j++) {
                starts.add(Background.inThread("start " + j, () -> {
                    together.await(60, TimeUnit.SECONDS);
                    try (EchoServer server = UnixSockets.start(folder)) {
                        assertThat(winner.compareAndSet(null, server)).isTrue();
                        do {
                            UnixSockets.connect(server).close();
                        } while (losers.getCount() > 0);
                        return true;
                    } catch (BindException refused) {
                        assertThat(refused).hasMessage(UnixSockets.inUse(file));
                        return false;
                    } finally {
                        losers.countDown();
                    }
                }));
            }
            List<Boolean> won = new ArrayList<>();
            for (FutureTask<Boolean> each : starts) {
                won.add(Background.result(each));
            }
            assertThat(won).containsOnlyOnce(true);
            assertThat(UnixSockets.files(folder)).isEmpty();
        }
    }

    /** A file may vanish at any moment of a start, and another one may come. */
    @Test
    void startSucceedsOrSaysThatPathIsInUse() throws Exception {
        Path file = folder.resolve("s");
        List<FutureTask<Integer>> loops = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            loops.add(Background.inThread("starts " + i, () -> {
                int successes = 0;
                for (int j = 0; j < 300; j++) {
                    try (EchoServer server = UnixSockets.start(folder)) {
                        UnixSockets.connect(server).close();
                        successes++;
                    } catch (BindException refused) {
                        assertThat(refused).hasMessage(UnixSockets.inUse(file));
                    }
                }
                return successes;
            }));
        }
        for (FutureTask<Integer> each : loops) {
            assertThat(Background.result(each)).isPositive();
        }
        assertThat(UnixSockets.files(folder)).isEmpty();
    }

    /** Two servers find the same left-over file: the second one looks again when the first one has replaced it. */
    @Test
    void startWaitsForClaimOfAnotherServer() throws Exception {
        Path file = UnixSockets.leftOver(folder.resolve("s"));
        Path claim = Files.createFile(folder.resolve(".s.claim"));
        Path others = folder.resolve("other");
        try (EchoServer other = EchoServer.builder().addresses("unix:" + others).start()) {
            FutureTask<EchoServer> second = Background.inThread("second", () -> UnixSockets.start(folder));
            while (!second.isDone() && !waitsForClaim("second")) {
                Thread.onSpinWait();
            }
            Files.move(others, file, StandardCopyOption.ATOMIC_MOVE);
            Files.delete(claim);
            assertThatThrownBy(() -> Background.result(second)).cause().hasMessage(UnixSockets.inUse(file));
            try (EchoClient client = EchoClient.connect("unix:" + file)) {
                client.expectEcho(UnixSockets.ascii("of the other server"));
            }
            assertThat(other.counters().accepted()).isPositive();
            assertThat(UnixSockets.files(folder)).containsExactly("s");
        }
    }

    private static boolean waitsForClaim(String thread) {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(each -> each.getKey().getName().equals(thread))
                .flatMap(each -> Stream.of(each.getValue()))
                .anyMatch(line -> line.getClassName().endsWith(".PathClaim"));
    }

    /** Nobody may replace the file then, so that the close needs no claim. */
    @Test
    void closeRemovesFileWhileSocketListens() throws Exception {
        AwaitedLines warnings = new AwaitedLines();
        EchoServer server = EchoServer.builder()
                .addresses("unix:" + folder.resolve("s"))
                .warnings(warnings)
                .start();
        Files.createFile(folder.resolve(".s.claim"));
        server.close();
        assertThat(UnixSockets.files(folder)).containsExactly(".s.claim");
        assertThat(warnings.seen()).isEmpty();
    }

    /** At the exit of the JVM, a thread may still start a server. */
    @Test
    void closedFileIsNotMadeAgain() throws Exception {
        UnixSocketFile file = UnixSocketFile.of(folder.resolve("s"));
        file.close();
        assertThatThrownBy(() -> file.listen(1))
                .isInstanceOf(BindException.class)
                .hasMessage("cannot listen on unix:" + folder.resolve("s")
                        + ": the JVM exits, and would leave the file; start the server earlier");
        assertThat(UnixSockets.files(folder)).isEmpty();
    }

    /** A server that was killed at the wrong moment leaves its claim on the path. */
    @Test
    void claimOfAnotherServerIsNamed() throws Exception {
        Path file = UnixSockets.leftOver(folder.resolve("s"));
        Path claim = Files.createFile(folder.resolve(".s.claim"));
        assertThatThrownBy(() -> UnixSockets.start(folder))
                .isInstanceOf(BindException.class)
                .hasMessage("cannot listen on unix:" + file + ": Address already in use: another server replaces the"
                        + " file, or was killed while it did; end it, or remove " + claim);
        assertThat(UnixSockets.files(folder)).containsExactlyInAnyOrder("s", ".s.claim");
        Files.delete(claim);
        UnixSockets.start(folder).close();
        assertThat(UnixSockets.files(folder)).isEmpty();
    }
}
