package org.echoharness.clients;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.echoharness.EchoServer;
import org.echoharness.script.Framing;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** Jedis, and a server with memory in Java: the framing of RESP, and a function that answers commands. */
@Timeout(60)
class RedisHandlerIT {

    /** A command is an array of bulk strings, such as {@code *1\r\n$4\r\nPING\r\n}. A reply is written as it is. */
    static final class Resp implements Framing<List<String>> {
        @Override
        public @Nullable List<String> read(ByteBuffer bytes) {
            String held = ISO_8859_1.decode(bytes.duplicate()).toString();
            int end = held.indexOf("\r\n") + 2;
            int words = end < 2 ? 0 : Integer.parseInt(held.substring(1, end - 2));
            List<String> command = new ArrayList<>();
            while (command.size() < words) {
                int start = held.indexOf("\r\n", end) + 2;
                int size = start < 2 ? 0 : Integer.parseInt(held.substring(end + 1, start - 2));
                end = start + size + 2;
                if (start < 2 || end > held.length()) {
                    return null;
                }
                command.add(held.substring(start, start + size));
            }
            bytes.position(bytes.position() + (words == 0 ? 0 : end));
            return words == 0 ? null : command;
        }

        @Override
        public byte[] write(List<String> reply) {
            return reply.get(0).getBytes(ISO_8859_1);
        }
    }

    private final Map<String, String> store = new ConcurrentHashMap<>();

    private List<String> reply(List<String> command) {
        return List.of(
                switch (command.get(0).toUpperCase(Locale.ROOT)) {
                    case "PING" -> "+PONG\r\n";
                    case "CLIENT" -> "+OK\r\n";
                    case "GET" -> bulk(store.get(command.get(1)));
                    case "SET" -> {
                        store.put(command.get(1), command.get(2));
                        yield "+OK\r\n";
                    }
                    case "DEL" -> store.remove(command.get(1)) == null ? ":0\r\n" : ":1\r\n";
                    default -> "-ERR unknown command\r\n";
                });
    }

    private static String bulk(@Nullable String value) {
        return value == null ? "$-1\r\n" : "$" + value.length() + "\r\n" + value + "\r\n";
    }

    private EchoServer start(String faultsOfFirst) throws IOException {
        return EchoServer.builder()
                .respond(new Resp(), this::reply)
                .faults(Scripts.ofFirst(faultsOfFirst))
                .recording()
                .start();
    }

    @Test
    void serverRemembersKeys() throws Exception {
        try (EchoServer server = start("")) {
            try (RedisClient client = RedisIT.client(server)) {
                assertThat(client.get("color")).isNull();
                assertThat(client.set("color", "blue")).isEqualTo("OK");
                assertThat(client.get("color")).isEqualTo("blue");
                assertThat(client.del("color")).isEqualTo(1);
                assertThat(client.get("color")).isNull();
                assertThat(client.ping()).isEqualTo("PONG");
            }
            Scripts.assertMet(server);
        }
    }

    /** The store accepts no null; the problem names the line. */
    @Test
    void exceptionInFunctionIsReported() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .respond(new Resp(), command -> List.of(store.get(command.get(9))))
                        .warnings(line -> {})
                        .start();
                RedisClient client = RedisIT.client(server)) {
            assertThatThrownBy(client::ping).isInstanceOf(JedisConnectionException.class);
            assertThat(server.scriptProblems().get(0).toString())
                    .startsWith("connection 1, message 1: the function of respond failed:"
                            + " java.lang.IndexOutOfBoundsException: ");
        }
    }

    @Test
    void poolReplacesConnectionResetBeforeReply() throws Exception {
        // HELLO with RESP 3 and 2, SETINFO of the name and the version, and then commands
        try (EchoServer server = start("reset after 6 messages");
                RedisClient client = RedisIT.client(server)) {
            assertThat(client.set("color", "blue")).isEqualTo("OK");
            assertThatThrownBy(() -> client.get("color"))
                    .isInstanceOf(JedisConnectionException.class)
                    .hasCauseInstanceOf(SocketException.class);

            assertThat(client.get("color")).isEqualTo("blue");
            assertThat(client.getPool().getCreatedCount()).isEqualTo(2);
            Scripts.assertApplied(server, "reset after 6 messages");
        }
    }
}
