package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command {@code server} at a name with an address of each family. */
class NamesWithTwoAddressesTest {

    private static final String LISTENING = "starting up on .* port .*";

    @TempDir
    private Path folder;

    @BeforeEach
    void assumeIpv6() {
        PlainSockets.assumeIpv6();
    }

    private ForkedProcess server(String hosts, String... args) throws Exception {
        Path file = Files.writeString(folder.resolve("hosts"), hosts);
        List<String> all = new ArrayList<>(List.of("server"));
        all.addAll(List.of(args));
        return new ForkedProcess(
                EchoProcess.command(List.of("-Djdk.net.hosts.file=" + file), all.toArray(new String[0])));
    }

    private static int port(String line) {
        return Integer.parseInt(line.replaceFirst(".* port (\\d+).*", "$1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost:0", "localhost:0 --quiet"})
    void listensOnBothAddressesWithOnePort(String args) throws Exception {
        String hosts = "127.0.0.1 localhost\n::1 localhost\n127.0.0.1 localhost\n";
        try (ForkedProcess server = server(hosts, args.split(" "))) {
            int port = port(server.lines().await("starting up on 127.0.0.1 port \\d+"));
            server.lines().await("starting up on ::1 port " + port);
            for (String host : List.of("127.0.0.1", "::1")) {
                try (Socket socket = PlainSockets.connect(PlainSockets.at(host, port))) {
                    PlainSockets.echoes(socket, host);
                }
            }
            assertThat(server.lines().seen())
                    .filteredOn(line -> line.matches(LISTENING))
                    .hasSize(2);
        }
    }

    @Test
    void ignoresAddressOfOtherMachine() throws Exception {
        try (ForkedProcess server = server("192.0.2.1 peer\n::1 peer\n", "peer:0")) {
            server.lines().await("waiting for a connection");
            assertThat(server.lines().seen()).hasSize(2).element(0).asString().startsWith("starting up on ::1 port ");
        }
    }

    @Test
    void refusesNameOfOtherMachine() throws Exception {
        try (ForkedProcess server = server("192.0.2.1 peer\n2001:db8::1 peer\n", "peer:0")) {
            assertThat(server.awaitExit()).isEqualTo(1);
            assertThat(server.lines().seen())
                    .singleElement()
                    .asString()
                    .startsWith("echo: cannot listen on peer:0 (192.0.2.1): ")
                    .endsWith("take an address of this machine, such as 127.0.0.1, or * for every interface");
        }
    }

    @Test
    void refusesPortBusyOnSecondAddress() throws Exception {
        try (ServerSocket busy =
                        new ServerSocket(0, 1, PlainSockets.at("::1", 0).getAddress());
                ForkedProcess server = server("127.0.0.1 peer\n::1 peer\n", "peer:" + busy.getLocalPort())) {
            assertThat(server.awaitExit()).isEqualTo(1);
            assertThat(server.lines().seen())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "echo: cannot listen on peer:" + busy.getLocalPort() + " (::1): Address already in use");
        }
    }
}
