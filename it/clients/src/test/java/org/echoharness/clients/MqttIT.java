package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoServer;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Eclipse Paho with a server that speaks MQTT 3.1.1, whose frames have a length of 1 to 4 bytes. Its documentation says:
 *
 * <ul>
 *   <li>{@link MqttClient#subscribe(String, int)} and {@link MqttClient#publish(String, byte[], int, boolean)} block until
 *       they are complete, and throw an {@link MqttException} on an error;
 *   <li>{@link MqttClient#setTimeToWait(long)} limits how long they wait.
 * </ul>
 */
@Timeout(60)
class MqttIT {

    private static final long LONG = 30_000;

    @Test
    void publishedMessagesComeBack() throws Exception {
        try (EchoServer server = Scripts.start("mqtt.echo", "")) {
            try (MqttClient client = client(server)) {
                BlockingQueue<String> messages = new LinkedBlockingQueue<>();
                client.subscribe("topic", 1, (topic, message) -> messages.add(message.toString()));
                String large = "x".repeat(200); // its frame's length takes 2 bytes
                client.publish("topic", large.getBytes(StandardCharsets.UTF_8), 1, false);
                client.publish("topic", "small".getBytes(StandardCharsets.UTF_8), 0, false);

                assertThat(messages.poll(LONG, TimeUnit.MILLISECONDS)).isEqualTo(large);
                assertThat(messages.poll(LONG, TimeUnit.MILLISECONDS)).isEqualTo("small");
                client.disconnect();
            }
            server.recording().connection(1).awaitEnd();
            Scripts.assertMet(server);
        }
    }

    @Test
    void refusedConnectThrows() throws Exception {
        try (EchoServer server = Scripts.startWith("mqtt.echo", "20 02 00 00", "20 02 00 05")) {
            assertThatThrownBy(() -> client(server))
                    .isInstanceOfSatisfying(
                            MqttException.class,
                            failure -> assertThat(failure.getReasonCode())
                                    .isEqualTo(MqttException.REASON_CODE_NOT_AUTHORIZED));

            server.recording().connection(1).awaitEnd();
            assertThat(server.recording().transcript()).contains("step 2 of 3: send");
        }
    }

    @Test
    void closeBeforeSubackFailsSubscribe() throws Exception {
        try (EchoServer server = Scripts.start("mqtt.echo", "close after 2 messages");
                MqttClient client = client(server)) {
            assertThatThrownBy(() -> client.subscribe("topic", 1))
                    .isInstanceOfSatisfying(
                            MqttException.class,
                            failure -> assertThat(failure.getReasonCode())
                                    .isEqualTo(MqttException.REASON_CODE_CONNECTION_LOST));
            assertThat(client.isConnected()).isFalse();
            Scripts.assertApplied(server, "close after 2 messages");
        }
    }

    private static MqttClient client(EchoServer server) throws MqttException {
        MqttClient client = new MqttClient("tcp://127.0.0.1:" + server.port(), "client", new MemoryPersistence());
        MqttConnectOptions options = new MqttConnectOptions();
        options.setMqttVersion(MqttConnectOptions.MQTT_VERSION_3_1_1);
        client.setTimeToWait(LONG);
        client.connect(options);
        return client;
    }
}
