package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * RabbitMQ's client with a server that speaks AMQP 0-9-1 up to an open channel. Its documentation says:
 *
 * <ul>
 *   <li>{@link ConnectionFactory#newConnection()} throws an {@link IOException} on an error of the connection;
 *   <li>{@link Connection#createChannel()} throws a {@link ShutdownSignalException} or an {@link IOException} if the
 *       connection ends;
 *   <li>{@link ConnectionFactory#setMaxInboundMessageBodySize(int)} limits the body of a frame.
 * </ul>
 */
@Timeout(60)
class AmqpIT {

    private static final int LONG = 30_000;

    @Test
    void opensChannel() throws Exception {
        try (EchoServer server = Scripts.start("amqp.echo", "")) {
            try (Connection client = factory(server).newConnection();
                    Channel channel = client.createChannel()) {
                assertThat(channel.isOpen()).isTrue();
            }
            server.recording().connection(1).awaitEnd();
            Scripts.assertMet(server);
        }
    }

    @Test
    void frameOverLimitIsRefused() throws Exception {
        String tune = "{ hex \"000a001e 07ff 00020000 0000 ce\" }";
        try (EchoServer server = Scripts.startWith(
                "amqp.echo", "hex \"01 0000\" frame u32 plus 1 " + tune, "hex \"01 0000 7fffffff\"")) {
            assertThatThrownBy(() -> factory(server).newConnection())
                    .hasStackTraceContaining("maximum configured size is 8192");

            server.recording().connection(1).awaitEnd();
            assertThat(server.recording().transcript()).contains("step 4 of 8: send");
        }
    }

    @Test
    void resetBeforeChannelOpenOkThrows() throws Exception {
        try (EchoServer server = Scripts.start("amqp.echo", "reset after 5 messages")) {
            Connection client = factory(server).newConnection();
            assertThatThrownBy(client::createChannel).isInstanceOfAny(IOException.class, ShutdownSignalException.class);

            client.abort();
            Scripts.assertApplied(server, "reset after 5 messages");
        }
    }

    private static ConnectionFactory factory(EchoServer server) throws IOException {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setHost("127.0.0.1");
        factory.setPort(server.port());
        factory.setRequestedHeartbeat(0);
        factory.setAutomaticRecoveryEnabled(false);
        factory.setConnectionTimeout(LONG);
        factory.setHandshakeTimeout(LONG);
        factory.setChannelRpcTimeout(LONG);
        return factory;
    }
}
