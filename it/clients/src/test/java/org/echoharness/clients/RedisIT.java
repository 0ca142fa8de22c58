package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * Jedis as it is by default, with its pool, and a server that speaks RESP, the protocol of Redis. {@link JedisIT} has what
 * the documentation says.
 */
@Timeout(60)
class RedisIT {

    @Test
    void readsAndWritesKeys() throws Exception {
        try (EchoServer server = Scripts.start("redis.echo", "")) {
            try (RedisClient client = client(server)) {
                assertThat(client.set("color", "blue")).isEqualTo("OK");
                assertThat(client.get("key")).isEqualTo("hello");
                assertThat(client.get("none")).isNull();
                assertThat(client.ping()).isEqualTo("PONG");

                assertThat(server.counters().accepted()).isEqualTo(1);
            }
            Scripts.assertMet(server);
        }
    }

    @Test
    void wrongReplyBreaksConnection() throws Exception {
        try (EchoServer server = Scripts.startWith("redis.echo", "+PONG", "?PONG");
                RedisClient client = client(server)) {
            assertThatThrownBy(client::ping)
                    .isInstanceOf(JedisConnectionException.class)
                    .hasMessageContaining("Unknown reply: ?");

            assertThat(server.recording().transcript()).contains("step 1 of 1, case 1: \"*1\\r\\n$4\\r\\nPING\\r\\n\"");
        }
    }

    @Test
    void unknownCommandIsMismatch() throws Exception {
        try (EchoServer server = Scripts.start("redis.echo", "");
                RedisClient client = client(server)) {
            assertThatThrownBy(() -> client.del("key")).isInstanceOf(JedisConnectionException.class);

            assertThat(server.scriptProblems())
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.toString())
                            .startsWith("connection 1, step 1 of 1: expected one of ")
                            .endsWith(", seen \"*2\\r\\n$3\\r\\nDEL\\r\\n$3\\r\\nkey\\r\\n\""));
        }
    }

    @Test
    void poolReplacesConnectionResetBeforeReply() throws Exception {
        // HELLO with RESP 3 and 2, SETINFO of the name and the version, and then commands
        try (EchoServer server = Scripts.start("redis.echo", "reset after 6 messages");
                RedisClient client = client(server)) {
            assertThat(client.set("color", "blue")).isEqualTo("OK");
            assertThatThrownBy(() -> client.get("key"))
                    .isInstanceOf(JedisConnectionException.class)
                    .hasCauseInstanceOf(SocketException.class);

            assertThat(client.get("key")).isEqualTo("hello");
            assertThat(client.getPool().getCreatedCount()).isEqualTo(2);
            Scripts.assertApplied(server, "reset after 6 messages");
        }
    }

    static RedisClient client(EchoServer server) throws IOException {
        ConnectionPoolConfig pool = new ConnectionPoolConfig();
        pool.setMaxTotal(1);
        return RedisClient.builder()
                .hostAndPort("127.0.0.1", server.port())
                .poolConfig(pool)
                .build();
    }
}
