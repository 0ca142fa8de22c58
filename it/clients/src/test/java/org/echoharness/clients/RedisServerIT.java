package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.RedisClient;

/** The Redis that other tests put a relay before answers its clients directly. */
@Timeout(60)
class RedisServerIT {
    @RegisterExtension
    static final RealServer<RedisServer> SERVER = new RealServer<>(RedisServer.class, RedisServer::start);

    @Test
    void redisAnswersJedis() {
        try (RedisClient client = RedisClient.create("127.0.0.1", SERVER.get().port())) {
            client.set("jedis", "value");
            assertThat(client.get("jedis")).isEqualTo("value");
        }
    }

    @Test
    void redisAnswersLettuce() {
        RedisURI uri = RedisURI.Builder.redis("127.0.0.1", SERVER.get().port())
                .withTimeout(Duration.ofSeconds(30))
                .build();
        try (io.lettuce.core.RedisClient client = io.lettuce.core.RedisClient.create(uri);
                StatefulRedisConnection<String, String> connection = client.connect()) {
            connection.sync().set("lettuce", "value");
            assertThat(connection.sync().get("lettuce")).isEqualTo("value");
        }
    }
}
