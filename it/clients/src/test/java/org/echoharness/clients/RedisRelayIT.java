package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.FaultPlan;
import org.echoharness.RecordedConnection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * Jedis and Lettuce with a relay before a real Redis. {@link JedisIT} has what the documentation of Jedis says. That of Lettuce
 * says: a command that has no reply in time throws a {@link RedisCommandTimeoutException}; a connection that was lost is
 * made again by itself, and a command without a reply is sent again on it, unless an error of the connection has failed it.
 */
@Timeout(60)
class RedisRelayIT {

    private static final int SHORT = 500;
    private static final int LONG = 30_000;
    private static final String VALUE = "v".repeat(100);
    private static final int WITHIN_VALUE = 50;

    @RegisterExtension
    static final RealServer<RedisServer> SERVER = new RealServer<>(RedisServer.class, RedisServer::start);

    @BeforeEach
    void setOneValue() {
        try (RedisClient direct = RedisClient.create("127.0.0.1", SERVER.get().port())) {
            direct.flushAll();
            direct.set("key", VALUE);
        }
    }

    @Test
    void jedisWaitsForDelayedReply() throws Exception {
        try (EchoServer relay = relay();
                RedisClient client = jedis(relay, LONG)) {
            assertThat(client.get("key")).isEqualTo(VALUE);
            long undelayed = nanos(() -> client.get("key"));
            relay.setFaultsOfAll(FaultPlan.parse("delay 200ms"));
            assertThat(nanos(() -> assertThat(client.get("key")).isEqualTo(VALUE)))
                    .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(200))
                    .isGreaterThan(undelayed);

            Relays.assertUnchanged(relay, 1);
            Scripts.assertApplied(relay, "delay 200ms");
            relay.recording().assertConnections(1);
        }
    }

    @Test
    void latencyCausesTimeoutOfJedis() throws Exception {
        try (EchoServer relay = relay();
                RedisClient client = jedis(relay, SHORT)) {
            assertThat(client.get("key")).isEqualTo(VALUE);
            relay.setFaultsOfAll(FaultPlan.parse("first 1: delay 1m; others: none"));

            assertThatThrownBy(() -> client.get("key"))
                    .isInstanceOf(JedisConnectionException.class)
                    .hasCauseInstanceOf(SocketTimeoutException.class);
            assertThat(client.get("key")).isEqualTo(VALUE);

            assertSecondReplyIsHeldBack(relay);
            relay.recording().assertConnections(2);
        }
    }

    @Test
    void cutReplyBreaksConnectionOfJedis() throws Exception {
        try (EchoServer relay = relay();
                RedisClient client = jedis(relay, LONG)) {
            assertThat(client.get("key")).isEqualTo(VALUE);
            cutNextReply(relay, "reset");

            assertThatThrownBy(() -> client.get("key")).isInstanceOf(JedisConnectionException.class);
            assertThat(client.get("key")).isEqualTo(VALUE);

            assertCut(relay, Ending.How.RST);
        }
    }

    @Test
    void jedisComesBackOnSamePort() throws Exception {
        try (EchoServer relay = relay();
                RedisClient client = jedis(relay, LONG)) {
            int port = relay.port();
            assertThat(client.incr("jedis")).isEqualTo(1);
            goDown(relay);

            assertThatThrownBy(() -> client.incr("jedis")).isInstanceOf(JedisConnectionException.class);
            assertThatThrownBy(() -> client.incr("jedis")).isInstanceOf(JedisConnectionException.class);
            relay.resume();
            assertThat(client.incr("jedis")).isEqualTo(2);

            assertThat(relay.port()).isEqualTo(port);
            assertWentDown(relay);
        }
    }

    @Test
    void latencyCausesTimeoutOfLettuce() throws Exception {
        try (EchoServer relay = relay();
                io.lettuce.core.RedisClient client = lettuce(relay);
                StatefulRedisConnection<String, String> connection = client.connect()) {
            assertThat(connection.sync().get("key")).isEqualTo(VALUE);
            relay.setFaultsOfAll(FaultPlan.parse("delay 1m"));
            connection.setTimeout(Duration.ofMillis(SHORT));

            assertThatThrownBy(() -> connection.sync().get("key")).isInstanceOf(RedisCommandTimeoutException.class);

            assertSecondReplyIsHeldBack(relay);
            relay.recording().assertConnections(1);
        }
    }

    @Test
    void resetWithinReplyFailsCommandOfLettuce() throws Exception {
        try (EchoServer relay = relay();
                io.lettuce.core.RedisClient client = lettuce(relay);
                StatefulRedisConnection<String, String> connection = client.connect()) {
            assertThat(connection.sync().get("key")).isEqualTo(VALUE);
            cutNextReply(relay, "reset");

            assertThatThrownBy(() -> connection.sync().get("key")).isInstanceOf(RedisException.class);
            assertThat(connection.sync().get("key")).isEqualTo(VALUE);

            assertCut(relay, Ending.How.RST);
        }
    }

    @Test
    void lettuceAsksAgainAfterEndWithinReply() throws Exception {
        try (EchoServer relay = relay();
                io.lettuce.core.RedisClient client = lettuce(relay);
                StatefulRedisConnection<String, String> connection = client.connect()) {
            assertThat(connection.sync().get("key")).isEqualTo(VALUE);
            cutNextReply(relay, "close");

            assertThat(connection.sync().get("key")).isEqualTo(VALUE);

            assertCut(relay, Ending.How.FIN);
        }
    }

    @Test
    void lettuceComesBackOnSamePort() throws Exception {
        try (EchoServer relay = relay();
                io.lettuce.core.RedisClient client = lettuce(relay);
                StatefulRedisConnection<String, String> connection = client.connect()) {
            int port = relay.port();
            assertThat(connection.sync().incr("lettuce")).isEqualTo(1);
            goDown(relay);

            connection.setTimeout(Duration.ofMillis(SHORT));
            assertThatThrownBy(() -> connection.sync().get("key")).isInstanceOf(RedisCommandTimeoutException.class);
            relay.resume();
            connection.setTimeout(Duration.ofMillis(LONG));
            assertThat(connection.sync().incr("lettuce")).isEqualTo(2);

            assertThat(relay.port()).isEqualTo(port);
            assertWentDown(relay);
        }
    }

    /** Two replies came from Redis, and one of them has reached the client. */
    private static void assertSecondReplyIsHeldBack(EchoServer relay) {
        RecordedConnection late = relay.recording().connection(1);
        assertThat(count(Relays.received(Relays.upstream(late)), VALUE)).isEqualTo(2);
        assertThat(count(Relays.sent(late), VALUE)).isEqualTo(1);
    }

    /** Ends the open connection within the next reply. */
    private static void cutNextReply(EchoServer relay, String fault) {
        relay.setFaultsOfAll(FaultPlan.parse("first 1: " + fault + " after " + WITHIN_VALUE + "; others: none"));
    }

    /** The reply was cut on the first connection, and came whole on the second. */
    private static void assertCut(EchoServer relay, Ending.How how) throws InterruptedException {
        RecordedConnection first = relay.recording().connection(1).awaitEnd();
        first.assertEndedBy(Ending.Side.SERVER, how);
        assertThat(count(Relays.received(Relays.upstream(first)), VALUE)).isEqualTo(2);
        assertThat(Relays.sent(first)).endsWith("v".repeat(WITHIN_VALUE / 2)).doesNotEndWith(VALUE);
        assertThat(count(Relays.sent(first), VALUE)).isEqualTo(1);
        Relays.assertUnchanged(relay, 2);
        assertThat(count(Relays.sent(relay.recording().connection(2)), VALUE)).isEqualTo(1);
        relay.recording().assertConnections(2);
    }

    private static void goDown(EchoServer relay) {
        relay.refuse();
        relay.resetConnections();
    }

    /** Both legs of the first connection were reset, and there is a second connection. */
    private static void assertWentDown(EchoServer relay) throws InterruptedException {
        RecordedConnection first = relay.recording().connection(1).awaitEnd();
        assertThat(first.ending().orElseThrow()).hasToString("SERVER RST (resetConnections())");
        Relays.assertUnchanged(relay, 1);
        Relays.upstream(first).awaitEnd().assertEndedBy(Ending.Side.CLIENT, Ending.How.RST);
        Relays.assertUnchanged(relay, 2);
        relay.recording().assertConnections(2);
    }

    private static EchoServer relay() throws Exception {
        return Relays.before(SERVER.get().port()).start();
    }

    private static long nanos(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return System.nanoTime() - start;
    }

    private static int count(String text, String part) {
        return text.split(part, -1).length - 1;
    }

    /** Jedis with a pool of one connection. */
    private static RedisClient jedis(EchoServer relay, int timeout) {
        GenericObjectPoolConfig<Connection> pool = new GenericObjectPoolConfig<>();
        pool.setMaxTotal(1);
        pool.setMaxWait(Duration.ofMillis(LONG));
        return RedisClient.builder()
                .hostAndPort("127.0.0.1", relay.port())
                .poolConfig(pool)
                .clientConfig(DefaultJedisClientConfig.builder()
                        .connectionTimeoutMillis(LONG)
                        .socketTimeoutMillis(timeout)
                        .build())
                .build();
    }

    /** Lettuce, which tries to connect again every 50 ms. */
    private static io.lettuce.core.RedisClient lettuce(EchoServer relay) {
        RedisURI uri = RedisURI.Builder.redis("127.0.0.1", relay.port())
                .withTimeout(Duration.ofMillis(LONG))
                .build();
        io.lettuce.core.RedisClient client = io.lettuce.core.RedisClient.create(
                ClientResources.builder()
                        .reconnectDelay(Delay.constant(Duration.ofMillis(50)))
                        .build(),
                uri);
        client.setOptions(ClientOptions.builder().autoReconnect(true).build());
        return client;
    }
}
