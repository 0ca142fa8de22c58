package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.util.Pool;

/**
 * Jedis, a client of Redis, with its pool. For Jedis, an echo is a valid reply: a command is an array of strings, and
 * so is its echo. Greetings give the other replies. The documentation of Jedis and of its pool, Apache Commons Pool,
 * says:
 *
 * <ul>
 *   <li>{@link JedisConnectionException} is an error of the connection;
 *   <li>{@link redis.clients.jedis.JedisClientConfig}: there is a time-out for the connect, and one for the socket, on
 *       which the FAQ shows what one then sees, {@code SocketTimeoutException: Read timed out};
 *   <li>{@link Pool#invalidateObject(Object, org.apache.commons.pool2.DestroyMode)}, which Jedis calls for a connection
 *       that broke in use: it is destroyed, and another is made in its place;
 *   <li>{@link Pool#getTestOnBorrow}: a connection that fails its validation (a {@code PING}) is destroyed, and another
 *       is borrowed;
 *   <li>{@link Pool#getTestWhileIdle}: the evictor destroys an idle connection that fails its validation.
 * </ul>
 */
@Timeout(60)
class JedisIT {

    private static final int PING = "*1\r\n$4\r\nPING\r\n".length();
    private static final int SHORT = 200;
    private static final int LONG = 30_000;

    @Test
    void acceptsEchoedCommandAsReply() throws Exception {
        try (EchoServer server = EchoServer.builder().start();
                RedisClient client = client(server, LONG, LONG, new GenericObjectPoolConfig<>())) {
            assertThat(commandAsReplied(client)).containsExactly("LRANGE", "key", "0", "-1");
            assertThat(commandAsReplied(client)).containsExactly("LRANGE", "key", "0", "-1");

            assertThat(client.getPool().getCreatedCount()).isEqualTo(1);
            assertThat(server.counters().accepted()).isEqualTo(1);
        }
    }

    @Test
    void acceptsGreetingsAsReplies() throws Exception {
        Fault pong = Fault.greet("+PONG\r\n").after(PING);
        Fault other = Fault.greet("+again\r\n").after(2L * PING);
        try (EchoServer server = EchoServer.builder()
                        .faults(pong, other, Fault.discard())
                        .start();
                RedisClient client = client(server, LONG, LONG, new GenericObjectPoolConfig<>())) {
            assertThat(client.ping()).isEqualTo("PONG");
            assertThat(client.ping()).isEqualTo("again");
        }
    }

    @Test
    void unansweredConnectCausesTimeout() throws Exception {
        try (EchoServer server = EchoServer.builder().start()) {
            server.unanswered(); // before the client is created, because that connects
            try (RedisClient client = client(server, SHORT, LONG, new GenericObjectPoolConfig<>())) {
                assertThatThrownBy(() -> commandAsReplied(client))
                        .isInstanceOf(JedisConnectionException.class)
                        .satisfies(thrown -> assertThat(thrown.getSuppressed())
                                .singleElement()
                                .isInstanceOf(SocketTimeoutException.class));
            }
        }
    }

    @Test
    void stallCausesSocketTimeout() throws Exception {
        try (EchoServer server = EchoServer.builder().faults("stall").start();
                RedisClient client = client(server, LONG, SHORT, new GenericObjectPoolConfig<>())) {
            assertThatThrownBy(() -> commandAsReplied(client))
                    .isInstanceOf(JedisConnectionException.class)
                    .hasCauseInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void resetWithinReplyBreaksConnection() throws Exception {
        try (EchoServer server =
                        EchoServer.builder().faults("reset after 13 sent").start();
                RedisClient client = client(server, LONG, LONG, new GenericObjectPoolConfig<>())) {
            assertThatThrownBy(() -> commandAsReplied(client))
                    .isInstanceOf(JedisConnectionException.class)
                    .hasCauseInstanceOf(SocketException.class);
        }
    }

    @Test
    void closeWithinReplyBreaksConnection() throws Exception {
        try (EchoServer server =
                        EchoServer.builder().faults("close after 13 sent").start();
                RedisClient client = client(server, LONG, LONG, new GenericObjectPoolConfig<>())) {
            assertThatThrownBy(() -> commandAsReplied(client))
                    .isInstanceOf(JedisConnectionException.class)
                    .hasMessageContaining("end of stream");
        }
    }

    @Test
    void poolReplacesConnectionBrokenInUse() throws Exception {
        try (EchoServer server = EchoServer.builder()
                        .faults("first 1: reset after 13 sent; others: none")
                        .start();
                RedisClient client = client(server, LONG, LONG, new GenericObjectPoolConfig<>())) {
            assertThatThrownBy(() -> commandAsReplied(client)).isInstanceOf(JedisConnectionException.class);
            assertThat(client.getPool().getDestroyedCount()).isEqualTo(1);
            assertThat(client.getPool().getNumActive()).isZero();
            assertThat(client.getPool().getNumIdle()).isEqualTo(1);

            assertThat(commandAsReplied(client)).hasSize(4);
            assertThat(client.getPool().getCreatedCount()).isEqualTo(2);
            assertThat(server.counters().accepted()).isEqualTo(2);
        }
    }

    @Test
    void replacesIdleConnectionThatBroke() throws Exception {
        GenericObjectPoolConfig<Connection> testing = new GenericObjectPoolConfig<>();
        testing.setTestOnBorrow(true);
        try (EchoServer server = EchoServer.builder().faults(pongs()).start();
                RedisClient client = client(server, LONG, LONG, testing)) {
            assertThat(client.ping()).isEqualTo("PONG");
            assertThat(server.counters().accepted()).isEqualTo(1);
            server.resetConnections();

            assertThat(client.ping()).isEqualTo("PONG");
            assertThat(client.getPool().getDestroyedByBorrowValidationCount()).isEqualTo(1);
            assertThat(server.counters().accepted()).isEqualTo(2);
        }
    }

    @Test
    void poolEvictsConnectionBrokenWhileIdle() throws Exception {
        try (EchoServer server = EchoServer.builder().faults(pongs()).start();
                RedisClient client = client(server, LONG, LONG, new ConnectionPoolConfig())) {
            assertThat(client.ping()).isEqualTo("PONG");
            assertThat(client.getPool().getNumIdle()).isEqualTo(1);
            server.resetConnections();

            client.getPool().evict(); // as its timer does
            assertThat(client.getPool().getDestroyedByEvictorCount()).isEqualTo(1);
            assertThat(client.getPool().getNumIdle()).isZero();
            assertThat(client.ping()).isEqualTo("PONG");
            assertThat(server.counters().accepted()).isEqualTo(2);
        }
    }

    /** Replies to each {@code PING} on a connection, of the pool's validation and of the test: to more than there are. */
    private static FaultPlan pongs() {
        Stream<Fault> replies = IntStream.rangeClosed(1, 10)
                .mapToObj(ping -> Fault.greet("+PONG\r\n").after((long) ping * PING));
        return FaultPlan.of(Stream.concat(replies, Stream.of(Fault.discard())).toArray(Fault[]::new));
    }

    /** A command whose reply is a list of strings, as is the echo. */
    private static List<String> commandAsReplied(RedisClient client) {
        return client.lrange("key", 0, -1);
    }

    /** A client with one connection at most, which says nothing but its commands. */
    private static RedisClient client(
            EchoServer server, int connectTimeout, int timeout, GenericObjectPoolConfig<Connection> pool)
            throws IOException {
        pool.setMaxTotal(1);
        pool.setMaxWait(Duration.ofMillis(LONG));
        return RedisClient.builder()
                .hostAndPort("127.0.0.1", server.port())
                .poolConfig(pool)
                .clientConfig(DefaultJedisClientConfig.builder()
                        .connectionTimeoutMillis(connectTimeout)
                        .socketTimeoutMillis(timeout)
                        .serverDefaultProtocol()
                        .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
                        .build())
                .build();
    }
}
