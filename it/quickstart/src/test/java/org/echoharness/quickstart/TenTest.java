package org.echoharness.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

/** Ten common errors in socket clients, and a test of each. */
@EchoTest
class TenTest {

    @Test
    void poolOpensExactlyTwoConnections(EchoServer server) throws Exception {
        try (Pool pool = new Pool(server.address(), 2)) {
            for (int i = 0; i < 10; i++) {
                assertEquals("ping", Wire.ask(pool.next(), "ping"));
            }
            server.recording().assertConnections(2);
        } // and the extension checks that the pool closed them
    }

    @Test
    @EchoTest(faults = "connection 1: reset after 4")
    void clientRetriesAfterReset(EchoServer server) throws Exception {
        assertEquals("hello", Wire.askWithRetries(server.address(), "hello", 3));

        List<RecordedConnection> tries = server.recording().awaitConnections(2);
        assertEquals(
                "reset after 4", tries.get(0).awaitEnd().ending().orElseThrow().why());
    }

    @Test
    @EchoTest(faults = "stall after 2")
    void readTimesOutIfPeerStalls(EchoServer server) throws IOException {
        try (Socket socket = Wire.connect(server.address())) {
            socket.setSoTimeout(100);
            assertThrows(SocketTimeoutException.class, () -> Wire.ask(socket, "hello"));
        }
    }

    @Test
    @EchoTest(faults = "fragment 1")
    void readsMessageSentByteByByte(EchoServer server) throws IOException {
        try (Socket socket = Wire.connect(server.address())) {
            new DataOutputStream(socket.getOutputStream()).writeUTF("Grüße");
            assertEquals("Grüße", new DataInputStream(socket.getInputStream()).readUTF());
        }
    }

    @Test
    void allBytesComeBackAfterHalfClose(EchoServer server) throws IOException {
        try (Socket socket = Wire.connect(server.address())) {
            socket.getOutputStream().write("the last words".getBytes(UTF_8));
            socket.shutdownOutput();
            assertEquals("the last words", new String(socket.getInputStream().readAllBytes(), UTF_8));
        }
    }

    @Test
    @EchoTest(faults = "stall", readTimeout = "200ms")
    void writerBlocksIfPeerDoesNotRead(EchoClient client) {
        byte[] much = new byte[64 << 20]; // more than all buffers between the two

        assertThrows(SocketTimeoutException.class, () -> client.send(much));
    }

    @Test
    void bigMessageComesBackWhole(EchoClient client) throws IOException {
        byte[] big = new byte[16 << 20];
        for (int i = 0; i < big.length; i++) {
            big[i] = (byte) (i * 31 >> 3);
        }

        assertArrayEquals(big, client.echo(big)); // reads while it writes
    }

    @Test
    void concurrentClientsDoNotMix(EchoServer server) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(50);
        List<Future<String>> answers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String name = "client " + i;
            answers.add(threads.submit(() -> Wire.askWithRetries(server.address(), name, 1)));
        }
        for (int i = 0; i < 50; i++) {
            assertEquals("client " + i, answers.get(i).get(30, TimeUnit.SECONDS));
        }
        threads.shutdown();
    }

    @Test
    @EchoTest(name = "primary", faults = "reset")
    @EchoTest(name = "replica")
    void clientMovesToReplica(@Echo("primary") EchoServer primary, @Echo("replica") EchoServer replica) throws Exception {
        assertEquals("hello", Wire.askAny("hello", primary.address(), replica.address()));

        primary.recording().awaitConnections(1);
        replica.recording().awaitConnections(1).get(0).awaitReceived("hello".getBytes(UTF_8));
    }

    @Test
    @EchoTest(faults = "corrupt byte 3")
    void failureShowsConversation(EchoServer server, EchoClient client) {
        IOException wrong = assertThrows(IOException.class, () -> client.expectEcho("hello".getBytes(UTF_8)));

        assertTrue(wrong.getMessage().startsWith("the echo differs at offset 2: expected \"llo\""));
        assertTrue(server.recording().transcript().contains("received 5 bytes \"hello\""));
    }

    /** What your code would do. */
    private static final class Wire {

        static Socket connect(InetSocketAddress address) throws IOException {
            Socket socket = new Socket();
            socket.setSoTimeout(5_000);
            socket.connect(address, 5_000);
            return socket;
        }

        static String ask(Socket socket, String question) throws IOException {
            byte[] bytes = question.getBytes(UTF_8);
            socket.getOutputStream().write(bytes);
            byte[] answer = socket.getInputStream().readNBytes(bytes.length);
            if (answer.length < bytes.length) {
                throw new SocketException("closed by the peer");
            }
            return new String(answer, UTF_8);
        }

        static String askWithRetries(InetSocketAddress address, String question, int tries) throws IOException {
            try (Socket socket = connect(address)) {
                return ask(socket, question);
            } catch (SocketException broken) {
                if (tries == 1) {
                    throw broken;
                }
                return askWithRetries(address, question, tries - 1);
            }
        }

        static String askAny(String question, InetSocketAddress first, InetSocketAddress second) throws IOException {
            try {
                return askWithRetries(first, question, 1);
            } catch (SocketException broken) {
                return askWithRetries(second, question, 1);
            }
        }
    }

    /** What your code would do. */
    private static final class Pool implements AutoCloseable {
        private final List<Socket> sockets = new ArrayList<>();
        private final InetSocketAddress address;
        private final int most;
        private int next;

        Pool(InetSocketAddress address, int most) {
            this.address = address;
            this.most = most;
        }

        Socket next() throws IOException {
            if (sockets.size() < most) {
                sockets.add(Wire.connect(address));
            }
            return sockets.get(next++ % sockets.size());
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }
}
