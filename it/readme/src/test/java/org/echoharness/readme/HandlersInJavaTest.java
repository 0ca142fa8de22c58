package org.echoharness.readme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.script.FrameLength;
import org.echoharness.script.Framing;
import org.echoharness.script.Framings;
import org.echoharness.script.ServedConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What HANDLERS shows. */
@Timeout(60)
class HandlersInJavaTest {

    private static void exchanges(EchoServer server, String sent, String received) throws Exception {
        try (EchoClient client = EchoClient.connect(server.address())) {
            client.send(sent.getBytes(UTF_8));
            assertThat(client.receive(received.getBytes(UTF_8).length))
                    .asString()
                    .isEqualTo(received);
        }
        assertThat(server.scriptProblems()).isEmpty();
    }

    @Test
    void respondsToLines() throws Exception {
        Map<String, String> store = new ConcurrentHashMap<>();
        try (EchoServer server = EchoServer.builder()
                .respond(Framings.lines(), line -> {
                    String[] words = line.split(" ", 3);
                    return switch (words[0]) {
                        case "GET" -> store.getOrDefault(words[1], "NONE");
                        case "SET" -> store.put(words[1], words[2]) == null ? "NEW" : "REPLACED";
                        default -> "UNKNOWN " + words[0];
                    };
                })
                .start()) {
            exchanges(
                    server,
                    "SET a 1\nGET a\nSET a 2\nGET b\nDEL a\n",
                    "NEW\r\n1\r\nREPLACED\r\nNONE\r\nUNKNOWN DEL\r\n");
        }
    }

    /** A type of one byte, and a text with its length. */
    record Packet(char type, String text) {}

    static final class Packets implements Framing<Packet> {
        @Override
        public Packet read(ByteBuffer bytes) {
            char type = (char) bytes.get();
            long size = FrameLength.U16.decode(bytes);
            if (size < 0 || size > bytes.remaining()) {
                return null; // the packet is not complete
            }
            byte[] body = new byte[(int) size];
            bytes.get(body);
            return new Packet(type, new String(body, UTF_8));
        }

        @Override
        public byte[] write(Packet packet) {
            byte[] body = packet.text().getBytes(UTF_8);
            ByteBuffer bytes = ByteBuffer.allocate(3 + body.length).put((byte) packet.type());
            return bytes.put(FrameLength.U16.encode(body.length)).put(body).array();
        }
    }

    @Test
    void respondsToPackets() throws Exception {
        try (EchoServer server = EchoServer.builder()
                .respond(new Packets(), packet -> packet.type() == 'P' ? new Packet('R', packet.text()) : null)
                .start()) {
            exchanges(server, "P\0\2okX\0\0P\0\0", "R\0\2okR\0\0");
        }
    }

    /** Sends a greeting and what comes in upper case. */
    static final class Shouting implements ConnectionHandler {
        @Override
        public void opened(ServedConnection connection) {
            connection.send("speak up\n".getBytes(UTF_8));
        }

        @Override
        public void received(ServedConnection connection, ByteBuffer bytes) {
            String text = UTF_8.decode(bytes).toString();
            connection.send(text.toUpperCase(Locale.ROOT).getBytes(UTF_8));
        }

        @Override
        public void inputEnded(ServedConnection connection, ByteBuffer left) {
            connection.send("bye\n".getBytes(UTF_8));
            connection.close();
        }
    }

    @Test
    void servesConnections() throws Exception {
        try (EchoServer server = EchoServer.builder().handler(Shouting::new).start()) {
            exchanges(server, "hello\n", "speak up\nHELLO\n");
        }
    }

    @Test
    void pushes() throws Exception {
        try (EchoServer server =
                        EchoServer.builder().handler(ConnectionHandler::silent).start();
                EchoClient client = EchoClient.connect(server.address())) {
            ServedConnection connection = server.connection(1);
            connection.send("event 1\n".getBytes(UTF_8));
            assertThat(client.receive(8)).asString().isEqualTo("event 1\n");
            connection.reset();
            assertThatThrownBy(() -> client.receive(1)).hasMessageContaining("reset");
        }
    }

    @Test
    void respondsByExecutor() throws Exception {
        ExecutorService executor = Executors.newCachedThreadPool();
        try (EchoServer server = EchoServer.builder()
                .respond(Framings.lines(), line -> "<" + line + ">", executor)
                .start()) {
            exchanges(server, "a\n", "<a>\r\n");
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void exceptionIsProblem() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .warnings(line -> {})
                        .respond(Framings.lines(), line -> line.substring(5))
                        .start();
                EchoClient client = EchoClient.connect(server.address())) {
            client.send("abc\n".getBytes(UTF_8));
            assertThatThrownBy(() -> client.receive(1)).hasMessageContaining("reset");
            assertThat(server.scriptProblems())
                    .singleElement()
                    .asString()
                    .startsWith("connection 1, message 1: the function of respond failed:"
                            + " java.lang.StringIndexOutOfBoundsException: ");
        }
    }
}
