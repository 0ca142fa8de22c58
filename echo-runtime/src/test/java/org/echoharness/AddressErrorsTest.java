package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.net.BindException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.util.List;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors about IPv6 addresses that this JVM or this machine cannot use, from either command. */
class AddressErrorsTest {

    private static void assertRefused(List<String> options, String command, String address, String why)
            throws Exception {
        try (ForkedProcess process = new ForkedProcess(EchoProcess.command(options, command, address, "--quiet"))) {
            assertThat(process.awaitExit()).isEqualTo(1);
            assertThat(process.lines().seen())
                    .singleElement()
                    .asString()
                    .startsWith("echo: cannot " + (command.equals("server") ? "listen on " : "connect to ") + address
                            + ": " + why);
        }
    }

    @ParameterizedTest
    @CsvSource({"server, nope", "client, nope", "server, 2000000000", "client, 2000000000"})
    void namesMissingInterface(String command, String scope) throws Exception {
        PlainSockets.assumeIpv6();
        String why = "this machine has no network interface \"" + scope + "\"; name one that it has (";
        assertRefused(List.of(), command, "[fe80::1%" + scope + "]:9", why);
    }

    @ParameterizedTest
    @ValueSource(strings = {"server", "client"})
    void reportsInterfaceWithoutAddress(String command) throws Exception {
        PlainSockets.assumeIpv6();
        NetworkInterface loopback = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        assumeThat(loopback.inetAddresses()).noneMatch(InetAddress::isLinkLocalAddress);
        String name = loopback.getName();
        String why = "the network interface " + name + " has no IPv6 address of this kind; name one that has (";
        assertRefused(List.of(), command, "[fe80::1%" + name + "]:9", why);
    }

    @ParameterizedTest
    @ValueSource(strings = {"server", "client"})
    void asksForInterfaceOfLinkLocalAddress(String command) throws Exception {
        PlainSockets.assumeIpv6();
        try (ForkedProcess process =
                new ForkedProcess(EchoProcess.command(List.of(), command, "[fe80::1]:9", "--quiet"))) {
            assertThat(process.awaitExit()).isEqualTo(1);
            assertThat(process.lines().seen())
                    .singleElement()
                    .asString()
                    .endsWith("; name the network interface of a link-local address, as in [fe80::1%eth0]");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, 127.0.0.1",
        "127.0.0.1, localhost",
        "*, 127.0.0.1",
        "0.0.0.0, 127.0.0.1",
        "127.0.0.1, 0.0.0.0"
    })
    void namesAddressOfSameServer(String first, String second) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        assertThatThrownBy(() -> EchoServer.builder()
                        .addresses(first + ":" + port, second + ":" + port)
                        .start()
                        .close())
                .isInstanceOf(BindException.class)
                .hasMessage("cannot listen on " + second + ":" + port + ": the address " + first + ":" + port
                        + " of the same server uses that port; leave one out");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[::1]:9", "[::]:9", "[fe80::1%lo]:9"})
    void namesPropertyThatDisablesIpv6(String address) throws Exception {
        String why = "this JVM has no IPv6, because its property java.net.preferIPv4Stack is true; leave that property"
                + " out, or take an IPv4 address";
        List<String> options = List.of("-Djava.net.preferIPv4Stack=true");
        assertRefused(options, "server", address, why);
        if (!address.equals("[::]:9")) { // which a client reaches at 127.0.0.1
            assertRefused(options, "client", address, why);
        }
    }
}
