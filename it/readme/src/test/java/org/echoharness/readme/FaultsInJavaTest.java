package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ConnectException;
import java.net.SocketException;
import java.time.Duration;
import org.echoharness.Connections;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the README shows of faults. */
class FaultsInJavaTest {

    @Test
    @Timeout(60)
    void runsSnippetsOfReadme() throws Exception {
        FaultPlan plan = FaultPlan.none()
                .on(Connections.first(2), Fault.reset().after(4))
                .on(Connections.others(), Fault.delay(Duration.ofMillis(50)), Fault.fragment(16));
        assertThat(plan).isEqualTo(FaultPlan.parse("first 2: reset after 4; others: delay 50ms, fragment 16"));

        try (EchoServer server = EchoServer.builder().faults(plan).start();
                EchoClient client = EchoClient.connect(server.address())) {
            assertThatThrownBy(() -> client.echo(new byte[42])).isInstanceOf(SocketException.class);

            server.setFaults(FaultPlan.none()); // for connections that come; setFaultsOfAll for open ones too
            EchoClient.connect(server.address()).close();

            server.refuse(); // the port stays taken
            assertThatThrownBy(() -> EchoClient.connect(server.address())).isInstanceOf(ConnectException.class);
            server.resume();
        }
    }
}
