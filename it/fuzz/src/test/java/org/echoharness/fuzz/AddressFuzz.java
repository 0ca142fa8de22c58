package org.echoharness.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.ServerAddress;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Addresses as text. One that can be read has a text that is read as the same address. */
class AddressFuzz {

    static Stream<Arguments> seeds() {
        return Inputs.seeds(
                "127.0.0.1:0",
                "localhost:10000",
                "*:65535",
                ":80",
                "[::1]:10000",
                "[fe80::1%eth0]:1",
                "[::ffff:192.0.2.1]:2",
                "unix:/tmp/echo.sock",
                "unix:",
                "unix:a b/../c",
                "unix:a /",
                "unix:\u001b",
                "udp:53",
                "http://localhost:80/",
                "::1",
                "10000",
                "a_b-c.example:7");
    }

    @MethodSource("seeds")
    @FuzzTest
    void address(byte[] input) {
        String text = Inputs.text(input);
        ServerAddress address;
        try {
            address = ServerAddress.parse(text);
        } catch (IllegalArgumentException refused) {
            Inputs.assertRefusal(refused, "address", input.length);
            return;
        }
        assertThat(ServerAddress.parse(address.toString())).as(text).isEqualTo(address);
        if (address instanceof HostAndPort tcp) {
            assertThat(HostAndPort.parse(text)).isEqualTo(tcp);
            assertThat(HostAndPort.parse(text, 1)).isEqualTo(tcp);
            assertThat(HostAndPort.parse(tcp.toString(), 1)).isEqualTo(tcp);
            assertThat(tcp.connectable().port()).isEqualTo(tcp.port());
            Inputs.assertShown(tcp.toString());
        }
        EchoServer.builder().addresses(text).build();
        try {
            EchoClient.builder().address(text);
        } catch (IllegalArgumentException refused) {
            Inputs.assertRefusal(refused, "address", input.length);
        }
        try {
            EchoServer.builder().upstream(text).build();
        } catch (IllegalArgumentException refused) {
            Inputs.assertRefusal(refused, "upstream", input.length);
        }
    }
}
