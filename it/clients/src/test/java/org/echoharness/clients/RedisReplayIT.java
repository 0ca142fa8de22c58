package org.echoharness.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.echoharness.RecordingFiles;
import org.echoharness.Script;
import org.echoharness.support.Background;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisDataException;

/** Sessions of Jedis with a real Redis are recorded, and completed again without it. */
@Timeout(120)
class RedisReplayIT {

    private static final String TAG = "constant";
    private static final int MESSAGES = 3;
    private static final int MANY = 300;
    private static final int FEW =
            30; // so that all commands arrive before the first reply, whose order may differ else
    private static final int LONG = 60_000;

    @RegisterExtension
    static final RealServer<RedisServer> SERVER = new RealServer<>(RedisServer.class, RedisServer::start);

    @BeforeEach
    void deleteKeys() {
        try (RedisClient direct = RedisClient.create("127.0.0.1", SERVER.get().port())) {
            direct.flushAll();
        }
    }

    @Test
    void sessionIsPlayedTenTimes(@TempDir Path folder) throws Exception {
        Replays.Recorded recorded = record(port -> session(port, TAG, MANY));
        assertThat(recorded.results()).contains("[OK, 43, [within, constant]]", "null", "WRONGTYPE");

        Script script = recorded.recording().toScript();
        Replays.assertSame(recorded, server -> server.script(script.formatted()), port -> session(port, TAG, MANY));

        RecordingFiles files = recorded.recording().writeFiles(folder);
        assertThat(Script.ofCapture(files.packets())).isEqualTo(script);
        Replays.assertSame(
                recorded, server -> server.scriptFile(files.script().toString()), port -> session(port, TAG, MANY));
        Replays.assertSame(
                recorded, server -> server.scriptFile(files.packets().toString()), port -> session(port, TAG, MANY));
    }

    @Test
    void connectionsThatWaitForOneAnotherArePlayedTenTimes() throws Exception {
        Replays.Recorded recorded = record(RedisReplayIT::sessionOfThree);
        assertThat(recorded.recording().total()).isEqualTo(3);
        assertThat(recorded.results()).contains("got 1", "got 2", "got 3", "[queue, pushed]");

        String script = recorded.recording().toScript().formatted();
        Replays.assertSame(recorded, server -> server.script(script), RedisReplayIT::sessionOfThree);
    }

    @Test
    void sessionWithOtherValuesIsPlayedTenTimes() throws Exception {
        String tag = tag(36);
        Replays.Recorded recorded = record(port -> session(port, tag, FEW));
        deleteKeys();
        Replays.Recorded other = record(port -> session(port, tag(40), FEW));

        String script = recorded.recording().toScript(other.recording()).formatted();
        assertThat(script).doesNotContain(tag);
        Iterator<Integer> lengths = IntStream.iterate(30, length -> length + 1).iterator();
        Replays.assertSameButFor(
                tag, recorded, script, () -> tag(lengths.next()), value -> port -> session(port, value, FEW));
    }

    /** Returns a value of this length that differs each time. */
    private static String tag(int length) {
        return (UUID.randomUUID() + "-and-more").substring(0, length);
    }

    private static Replays.Recorded record(Replays.Session session) throws Exception {
        return Replays.record(SERVER.get().port(), session);
    }

    /**
     * A session with one client, whose pool has two connections.
     *
     * @param tag a value that the client sends, and gets back
     * @param pipelined how many keys a pipeline sets
     */
    private static List<String> session(int port, String tag, int pipelined) {
        List<String> results = new ArrayList<>();
        try (RedisClient client = client(port, 2)) {
            results.add(client.set("key", "before"));
            results.add(client.get("key"));
            results.add(String.valueOf(client.get("none")));
            results.add(client.set("count", "41"));
            results.add(Long.toString(client.incr("count")));
            results.add(client.set("tag", tag));
            results.add(client.get("tag"));

            byte[] binary = new byte[50_000];
            new Random(1).nextBytes(binary);
            results.add(client.set("binary".getBytes(UTF_8), binary));
            results.add(HexFormat.of().formatHex(client.get("binary".getBytes(UTF_8))));
            results.add(client.set("gr\u00fc\u00dfe", "\u043f\u0440\u0438\u0432\u0435\u0442 {name} * \\ \"\r\n"));
            results.add(client.get("gr\u00fc\u00dfe"));

            results.add(Long.toString(client.hset("hash", Map.of("field", "value"))));
            results.add(new TreeMap<>(client.hgetAll("hash")).toString());
            results.add(Long.toString(client.rpush("list", "a", "b", tag, "")));
            results.add(client.lrange("list", 0, -1).toString());
            results.add(client.eval(
                            "return {KEYS[1], ARGV[1], redis.call('incr', KEYS[1])}",
                            List.of("evaluated"),
                            List.of(tag))
                    .toString());
            try {
                results.add(Long.toString(client.incr("list")));
            } catch (JedisDataException failed) {
                results.add(failed.getMessage().replaceAll(" .*", ""));
            }
            pipeline(client, pipelined, results);
            transactions(client, tag, results);
        }
        return results;
    }

    /** Sends many commands before the first reply is read. */
    private static void pipeline(RedisClient client, int keys, List<String> results) {
        try (Pipeline pipeline = client.pipelined()) {
            for (int i = 0; i < keys; i++) {
                pipeline.set("key " + i, "value " + i);
                pipeline.append("key " + i, " and more");
                pipeline.get("key " + i);
            }
            results.add(pipeline.syncAndReturnAll().toString());
        }
    }

    /** While a transaction has one connection, other commands go out on another. */
    private static void transactions(RedisClient client, String tag, List<String> results) {
        try (AbstractTransaction transaction = client.multi()) {
            transaction.set("key", "within");
            transaction.incr("count");
            transaction.mget("key", "tag");
            results.add(client.get("key"));
            results.add(transaction.exec().toString());
        }
        try (AbstractTransaction transaction = client.transaction(false)) {
            transaction.watch("count");
            results.add(client.set("count", "1"));
            transaction.multi();
            transaction.set("tag", tag + "!");
            results.add(String.valueOf(transaction.exec()));
        }
        try (AbstractTransaction transaction = client.multi()) {
            transaction.set("key", "discarded");
            results.add(transaction.discard());
        }
        results.add(client.get("tag"));
    }

    /** A session with three clients: one gets what another publishes, and one blocks until another has pushed. */
    private static List<String> sessionOfThree(int port) throws Exception {
        List<String> results = new ArrayList<>();
        try (RedisClient subscriber = client(port, 1);
                RedisClient blocking = client(port, 1);
                RedisClient client = client(port, 1)) {
            results.add(subscriber.ping());
            results.add(blocking.ping());
            results.add(client.ping());
            Subscription subscription = new Subscription();
            FutureTask<List<String>> subscribed = Background.inThread("subscriber", () -> {
                subscriber.subscribe(subscription, "news");
                return subscription.messages;
            });
            Background.await(subscription.begun);
            for (int i = 1; i <= MESSAGES; i++) {
                results.add(Long.toString(client.publish("news", "got " + i)));
            }
            results.addAll(Background.result(subscribed));
            FutureTask<List<String>> popped = Background.inThread("blocking", () -> blocking.blpop(0, "queue"));
            results.add(Long.toString(client.rpush("queue", "pushed")));
            results.add(Background.result(popped).toString());
        }
        return results;
    }

    /** Keeps what is published, and ends after some messages. */
    private static final class Subscription extends JedisPubSub {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final List<String> messages = new ArrayList<>();

        @Override
        public void onSubscribe(String channel, int count) {
            begun.countDown();
        }

        @Override
        public void onMessage(String channel, String message) {
            messages.add(message);
            if (messages.size() == MESSAGES) {
                unsubscribe();
            }
        }
    }

    private static RedisClient client(int port, int connections) {
        GenericObjectPoolConfig<Connection> pool = new GenericObjectPoolConfig<>();
        pool.setMaxTotal(connections);
        pool.setMaxWait(Duration.ofMillis(LONG));
        return RedisClient.builder()
                .hostAndPort("127.0.0.1", port)
                .poolConfig(pool)
                .clientConfig(DefaultJedisClientConfig.builder()
                        .connectionTimeoutMillis(LONG)
                        .socketTimeoutMillis(LONG)
                        .build())
                .build();
    }
}
